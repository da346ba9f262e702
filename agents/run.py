"""The agent and what a run of it returns."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.limits import Limits
from agents.policy import Policy, Verify
from agents.prompt import SYSTEM
from agents.step import Step, StopReason
from agents.tools.toolset import Tools
from rag.answer import Answer

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from agents.state import State


@dataclass(frozen=True, slots=True)
class AgentRun:
    """A finished run. `answer` is verified against the passages that the run gathered; `error` is set where
    the model failed or its context was too small. `wall_s` includes the verification."""

    task: str
    answer: Answer
    stop_reason: StopReason
    steps: tuple[Step, ...]
    messages: tuple[BaseMessage, ...]
    wall_s: float
    error: str | None = None


def _unheard(step: Step) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Agent:
    """`system` is the first message of every run; `clock` gives monotonic seconds."""

    policy: Policy
    tools: Tools
    limits: Limits
    verify: Verify
    system: str = SYSTEM
    clock: Callable[[], float] = time.perf_counter

    def run(self, task: str, on_step: Callable[[Step], None] | None = None) -> AgentRun:
        """Carry out one task; `on_step` is told each cycle as it ends (its time counts for no cycle).

        Ends with a stop reason whatever the model or a tool does. An interrupt from the keyboard ends it as
        "cancelled", with the steps so far.
        """
        from agents.graph import loop
        from agents.state import opening

        passed = loop(self.policy, self.tools, self.limits, self.verify, self.clock, on_step or _unheard)
        state = start = opening(task, self.system, self.clock())
        try:
            for state in passed(start):  # noqa: B007 - the last one is the result
                pass
        except KeyboardInterrupt:
            state = replace(state, reason="cancelled", answer=Answer("", answerable=False))
        return self._ended(state)

    def _ended(self, state: State) -> AgentRun:
        assert state.answer is not None
        assert state.reason is not None
        wall_s = self.clock() - state.began_at_s
        return AgentRun(state.task, state.answer, state.reason, state.steps, state.messages, wall_s, state.error)
