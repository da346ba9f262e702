"""The language model and the server it runs on.

`connect` gives a chat model with its real context; `plan_tuning` and `apply_tuning` make a tuned tag on
Ollama and read back what is in force. The record of one generation is `inference.record`, the family of
errors `inference.errors`. Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.connection import Connection, EngineFacts, connect
    from inference.ollama.runner import Runner, runner_of
    from inference.tuning.apply import InForce, TuningResult, apply_tuning
    from inference.tuning.plan import TunedOption, TuningPlan, plan_described, plan_tuning

_HOME = {
    "Connection": "inference.connection",
    "EngineFacts": "inference.connection",
    "InForce": "inference.tuning.apply",
    "Runner": "inference.ollama.runner",
    "TunedOption": "inference.tuning.plan",
    "TuningPlan": "inference.tuning.plan",
    "TuningResult": "inference.tuning.apply",
    "apply_tuning": "inference.tuning.apply",
    "connect": "inference.connection",
    "plan_described": "inference.tuning.plan",
    "plan_tuning": "inference.tuning.plan",
    "runner_of": "inference.ollama.runner",
}

__all__ = [
    "Connection",
    "EngineFacts",
    "InForce",
    "Runner",
    "TunedOption",
    "TuningPlan",
    "TuningResult",
    "apply_tuning",
    "connect",
    "plan_described",
    "plan_tuning",
    "runner_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
