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
    from inference.runner import Runner, runner_of
    from inference.tuning import TunedOption, TuningPlan, plan_tuning
    from inference.tuning_apply import InForce, TuningResult, apply_tuning

_HOME = {
    "Connection": "inference.connection",
    "EngineFacts": "inference.connection",
    "InForce": "inference.tuning_apply",
    "Runner": "inference.runner",
    "TunedOption": "inference.tuning",
    "TuningPlan": "inference.tuning",
    "TuningResult": "inference.tuning_apply",
    "apply_tuning": "inference.tuning_apply",
    "connect": "inference.connection",
    "plan_tuning": "inference.tuning",
    "runner_of": "inference.runner",
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
    "plan_tuning",
    "runner_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
