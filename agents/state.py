"""What a run knows: the state of the graph. Nodes take it and return a new one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from agents.evidence import Evidence
from agents.prompt import CLOSING
from agents.repeats import CallLog
from agents.reply.normalise import Reply
from agents.step import Step, StopReason
from rag.answer import Answer


@dataclass(frozen=True, slots=True)
class State:
    """`*_s` ending in `at_s` are readings of the run's clock.

    `reason` is why the loop ends; while it is set and the run is not `over`, the policy makes its last
    answering call. `misses` counts turns in a row without a usable call, `repairs` calls in a row that were
    written as text. `reply`, `model_s` and `trimmed` belong to the cycle in progress.
    """

    task: str
    messages: tuple[BaseMessage, ...]
    began_at_s: float
    cycle_at_s: float
    evidence: Evidence = field(default_factory=Evidence)
    log: CallLog = field(default_factory=CallLog)
    steps: tuple[Step, ...] = ()
    searched: bool = False
    misses: int = 0
    repairs: int = 0
    reply: Reply | None = None
    model_s: float = 0.0
    trimmed: bool = False
    limit_s: float | None = None
    reason: StopReason | None = None
    over: bool = False
    draft: str = ""
    answer: Answer | None = None
    error: str | None = None

    @property
    def cycle(self) -> int:
        """The cycle in progress, from 1."""
        return len(self.steps) + 1

    @property
    def closing(self) -> bool:
        """The policy has to answer now, from what was gathered."""
        return self.reason is not None and not self.over

    def nudged(self, text: str) -> State:
        """With a word to the model at the end of the last message, unseen by it or seen anew."""
        *head, last = self.messages
        return replace(self, messages=(*head, last.model_copy(update={"content": f"{last.text}\n\n{text}"})))

    def stopped(self, reason: StopReason) -> State:
        """The loop ends: with a last answering call where anything was gathered, else at once."""
        if not self.searched:
            return replace(self, reason=reason, over=True)
        return replace(self.nudged(CLOSING), reason=reason)

    def failed(self, reason: StopReason, error: str) -> State:
        """The loop ends and the model cannot be asked again."""
        return replace(self, reason=reason, error=error, over=True)

    def drafted(self, text: str) -> State:
        return replace(self, draft=text, over=True)


def opening(task: str, system: str, now_s: float) -> State:
    messages = (SystemMessage(system), HumanMessage(task))
    return State(task=task, messages=messages, began_at_s=now_s, cycle_at_s=now_s)
