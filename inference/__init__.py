"""The language model and the server it runs on.

`connect` gives a chat model with its real context, asked as a `Purpose` wants it; `recommend` says which model suits a
`Hardware`; `plan_tuning` and `apply_tuning` make a tuned tag on Ollama and prove what is in force; `examination` finds
what holds it back; `private_server` runs an Ollama of our own. The record of one generation is `inference.record`,
the family of errors `inference.errors`. Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.choice.recommend import Recommendation, recommend
    from inference.connection import Connection, EngineFacts, connect
    from inference.doctor import Finding, examination
    from inference.hardware.machine import Hardware, probe_hardware
    from inference.ollama.private import PrivateServer, ServerOptions, private_server
    from inference.ollama.runner import runner_of
    from inference.purposes import PURPOSES, Purpose
    from inference.runner import Runner
    from inference.tuning.apply import InForce, TuningResult, apply_tuning
    from inference.tuning.plan import TunedOption, TuningPlan, plan_described, plan_tuning

_HOME = {
    "Connection": "inference.connection",
    "EngineFacts": "inference.connection",
    "Finding": "inference.doctor",
    "Hardware": "inference.hardware.machine",
    "InForce": "inference.tuning.apply",
    "PURPOSES": "inference.purposes",
    "PrivateServer": "inference.ollama.private",
    "Purpose": "inference.purposes",
    "Recommendation": "inference.choice.recommend",
    "Runner": "inference.runner",
    "ServerOptions": "inference.ollama.private",
    "TunedOption": "inference.tuning.plan",
    "TuningPlan": "inference.tuning.plan",
    "TuningResult": "inference.tuning.apply",
    "apply_tuning": "inference.tuning.apply",
    "connect": "inference.connection",
    "examination": "inference.doctor",
    "plan_described": "inference.tuning.plan",
    "plan_tuning": "inference.tuning.plan",
    "private_server": "inference.ollama.private",
    "probe_hardware": "inference.hardware.machine",
    "recommend": "inference.choice.recommend",
    "runner_of": "inference.ollama.runner",
}

__all__ = [
    "PURPOSES",
    "Connection",
    "EngineFacts",
    "Finding",
    "Hardware",
    "InForce",
    "PrivateServer",
    "Purpose",
    "Recommendation",
    "Runner",
    "ServerOptions",
    "TunedOption",
    "TuningPlan",
    "TuningResult",
    "apply_tuning",
    "connect",
    "examination",
    "plan_described",
    "plan_tuning",
    "private_server",
    "probe_hardware",
    "recommend",
    "runner_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
