"""The iterative agent: search a folder of documents, read, search again, answer; a LangGraph loop.

The policy (what to do next), the tools and the verification of the final answer are handed in, so the
loop knows neither a model's server nor an index. Importing this package loads nothing: names are looked
up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.evidence import Evidence
    from agents.fixed.policy import fixed_policy
    from agents.forced import forced_policy
    from agents.limits import Limits
    from agents.model.policy import model_policy
    from agents.run import Agent, AgentRun
    from agents.step import Step, StopReason
    from agents.tools.call import Call, Observation
    from agents.tools.documents import DocumentTools
    from agents.tools.spec import Parameter, ToolSpec
    from agents.tools.toolset import Tools

__all__ = [
    "Agent",
    "AgentRun",
    "Call",
    "DocumentTools",
    "Evidence",
    "Limits",
    "Observation",
    "Parameter",
    "Step",
    "StopReason",
    "ToolSpec",
    "Tools",
    "fixed_policy",
    "forced_policy",
    "model_policy",
]

_HOME = {
    "Agent": "run",
    "AgentRun": "run",
    "Call": "tools.call",
    "DocumentTools": "tools.documents",
    "Evidence": "evidence",
    "Limits": "limits",
    "Observation": "tools.call",
    "Parameter": "tools.spec",
    "Step": "step",
    "StopReason": "step",
    "ToolSpec": "tools.spec",
    "Tools": "tools.toolset",
    "fixed_policy": "fixed.policy",
    "forced_policy": "forced",
    "model_policy": "model.policy",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
