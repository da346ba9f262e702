"""What a run knows. The nodes of the graph take a state and return the next one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from langchain_core.messages import AnyMessage, HumanMessage, SystemMessage

from agents.evidence import Evidence
from agents.prompt import CLOSING
from agents.repeats import CallLog, Result
from agents.reply.normalise import Reply
from agents.step import Spent, Step, StopReason
from rag.answer import Answer


@dataclass(frozen=True, slots=True)
class State:
    """All of it can be written down (`agents.graph.saver`), so that another process can go on from it; it holds
    durations, never readings of a clock.

    `spent_s` is the run's time up to its last lap. `reason` is why the loop ends; while it is set and the run is
    not `over`, the policy makes its last answering call. `misses` counts turns in a row without a usable call,
    `repairs` calls in a row that were written as text. `worn` are tools whose last call repeated one that had worked: a
    policy that can, leaves them out of its next turn, but for a search that is one of the `untried` queries.
    `reply`, `results` (of its calls, as far as they were carried out), `spent` and `trimmed` belong to the cycle in
    progress; `granted` (the process whose person agreed) and `declined` to the next call, where that changes
    something. `closed_by` is why a run that then failed was closing.
    """

    task: str
    messages: tuple[AnyMessage, ...]
    evidence: Evidence = field(default_factory=Evidence)
    log: CallLog = field(default_factory=CallLog)
    steps: tuple[Step, ...] = ()
    searched: bool = False
    worn: frozenset[str] = frozenset()
    untried: tuple[str, ...] = ()
    misses: int = 0
    repairs: int = 0
    reply: Reply | None = None
    results: tuple[Result, ...] = ()
    spent: Spent = field(default_factory=Spent)
    spent_s: float = 0.0
    trimmed: bool = False
    granted: str = ""
    declined: bool = False
    limit_s: float | None = None
    reason: StopReason | None = None
    closed_by: StopReason | None = None
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

    def spending(self, *, model_s: float = 0.0, tool_s: float = 0.0, framework_s: float = 0.0) -> State:
        """With a lap added to the cycle in progress and to the whole."""
        spent = Spent(self.spent.model_s + model_s, self.spent.tool_s + tool_s, self.spent.framework_s + framework_s)
        return replace(self, spent=spent, spent_s=self.spent_s + model_s + tool_s + framework_s)

    def nudged(self, text: str) -> State:
        """With a word to the model at the end of the last message, unseen by it or seen anew."""
        *head, last = self.messages
        return replace(self, messages=(*head, last.model_copy(update={"content": f"{last.text}\n\n{text}"})))

    def stopped(self, reason: StopReason) -> State:
        """The loop ends: with a last answering call where anything was gathered, else at once."""
        if not self.searched:
            return replace(self, reason=reason, over=True)
        told = self.messages[-1].text.endswith(CLOSING)
        return replace(self if told else self.nudged(CLOSING), reason=reason)

    def failed(self, reason: StopReason, error: str) -> State:
        """The loop ends and the model cannot be asked again."""
        return replace(
            self, reason=reason, closed_by=self.closed_by if self.over else self.reason, error=error, over=True
        )

    def drafted(self, text: str) -> State:
        return replace(self, draft=text, over=True)


def opening(task: str, system: str) -> State:
    return State(task=task, messages=(SystemMessage(system), HumanMessage(task)))
