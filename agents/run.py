"""The agent and what a run of it returns."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from agents.events import Called, Kept, happened
from agents.limits import Limits
from agents.policy import Policy, Verify
from agents.prompt import SYSTEM
from agents.step import Step, StopReason
from agents.tools.toolset import Tools
from inference.errors import UsageError
from rag.answer import Answer, Citation
from rag.passage import Passage

if TYPE_CHECKING:
    from langchain_core.messages import AnyMessage

    from agents.graph.drive import Approve, Drive
    from agents.graph.wiring import Saver
    from agents.state import State
    from agents.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class AgentRun:
    """A finished run. `answer` is verified against the passages that the run gathered; `error` is set where
    the model failed, its context was too small or the answer could not be verified. `wall_s` includes the
    verification, and neither what listens to the run nor the time a person took to say yes."""

    task: str
    answer: Answer
    stop_reason: StopReason
    steps: tuple[Step, ...]
    messages: tuple[AnyMessage, ...]
    wall_s: float
    error: str | None = None
    run_id: str = ""
    passages: tuple[Passage, ...] = ()
    """What was gathered, in the order of the numbers that the model cites by."""

    @property
    def citations(self) -> tuple[Citation, ...]:
        return self.answer.citations

    @property
    def timings(self) -> dict[str, float | None]:
        """Seconds of all cycles together, None where one of them does not know; `rest_s` is what no finished cycle
        holds: the verification, a call of the model that failed, a cycle that was cancelled."""
        names = ("model_s", "load_s", "prefill_s", "decode_s", "unexplained_s", "tool_s", "framework_s")
        sums = {name: _total([getattr(step, name) for step in self.steps]) for name in names}
        return {"wall_s": self.wall_s, **sums, "rest_s": self.wall_s - sum(step.wall_s for step in self.steps)}


Event: TypeAlias = Kept | Called | Step | AgentRun
"""What `Agent.stream` tells, in turn; an AgentRun is the last."""
OnStep: TypeAlias = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Agent:
    """`system` is the first message of every run; `clock` gives monotonic seconds. With a `saver` (`agents.graph.
    saver`) a run can be resumed by its id. `approve` is asked before a tool that is not read-only is called; without
    it such calls are declined."""

    policy: Policy
    tools: Tools
    limits: Limits
    verify: Verify
    system: str = SYSTEM
    clock: Callable[[], float] = time.perf_counter
    saver: Saver | None = None
    approve: Approve | None = None

    def run(self, task: str, on_step: OnStep | None = None, *, run_id: str | None = None) -> AgentRun:
        """Carry out one task; `on_step` is told each cycle as it ends.

        Ends with a stop reason whatever the model or a tool does. An interrupt from the keyboard ends it as
        "cancelled", with the steps so far and what the passages gathered by then say.
        """
        return _ended(self.stream(task, run_id=run_id), on_step)

    def resume(self, run_id: str, on_step: OnStep | None = None, on_kept: OnStep | None = None) -> AgentRun:
        """Go on with a run that was killed or cancelled, or that ended as its engine failed; one that had ended
        otherwise is returned as it ended. `on_kept` is told the cycles from before. Raises UsageError for an id that
        the saver does not have."""
        return _ended(self.stream(None, run_id=run_id), on_step, on_kept)

    def kept(self, run_id: str) -> bool:
        """Whether `resume` can go on with it: one that was killed as it began has to be begun anew."""
        return self._drive(run_id).kept()

    def stream(self, task: str | None, *, run_id: str | None = None) -> Generator[Event]:
        """Tell the run as it happens; a task of None goes on with the run of that id, and tells first what was kept
        of it."""
        drive, state = self._drive(run_id), self._start(task)
        watch, passed = drive.nodes.watch, state
        try:
            for passed in drive.states(state):
                for event in happened(state, passed):
                    with watch.stopped():
                        yield event
                state = passed
        except KeyboardInterrupt:
            state = self._broken_off(passed, watch)
        except Exception as error:  # of the saver, whose disk may be full: policy and tools raise nothing here
            if passed is None or isinstance(error, UsageError):
                raise
            state = self._broken_off(_failed(passed, error), watch)
        yield _run_of(state, drive.run_id)

    async def arun(self, task: str, on_step: OnStep | None = None, *, run_id: str | None = None) -> AgentRun:
        """As `run`, for an event loop; its cancellation is passed on, and a saver has kept the run till then."""
        return await _aended(self.astream(task, run_id=run_id), on_step)

    async def aresume(self, run_id: str, on_step: OnStep | None = None, on_kept: OnStep | None = None) -> AgentRun:
        """As `resume`."""
        return await _aended(self.astream(None, run_id=run_id), on_step, on_kept)

    async def astream(self, task: str | None, *, run_id: str | None = None) -> AsyncIterator[Event]:
        """As `stream`."""
        drive, state = self._drive(run_id), self._start(task)
        watch, passed = drive.nodes.watch, state
        try:
            async for passed in drive.astates(state):
                for event in happened(state, passed):
                    with watch.stopped():
                        yield event
                state = passed
        except Exception as error:
            if passed is None or isinstance(error, UsageError):
                raise
            state = await asyncio.to_thread(self._broken_off, _failed(passed, error), watch)
        yield _run_of(state, drive.run_id)

    def _drive(self, run_id: str | None) -> Drive:
        from agents.graph.drive import Drive
        from agents.graph.saver import memory_saver
        from agents.nodes import Nodes
        from agents.stopwatch import Stopwatch

        nodes = Nodes(self.policy, self.tools, self.limits, self.verify, Stopwatch(self.clock))
        saver = self.saver
        if saver is None and not all(spec.read_only for spec in self.tools.specs):
            saver = memory_saver()
        return Drive(nodes, run_id or uuid.uuid4().hex, saver, self.approve)

    def _start(self, task: str | None) -> State | None:
        from agents.state import opening

        return None if task is None else opening(task, self.system)

    def _broken_off(self, state: State | None, watch: Stopwatch) -> State | None:
        """Cancelled where it has not failed, with what the passages say that were gathered so far; a second interrupt
        does without. The time of the node that did not return counts too. A run that had its answer keeps it."""
        if state is None or state.answer is not None:
            return state
        answer = Answer("", answerable=False)
        try:
            if state.evidence.passages:
                answer = self.verify(state.task, "", state.evidence.passages)
        except (Exception, KeyboardInterrupt):
            pass
        watch.lap()
        reason: StopReason = "engine_error" if state.error is not None else "cancelled"
        return replace(state, reason=reason, answer=answer, spent_s=watch.total_s)


def _run_of(state: State | None, run_id: str) -> AgentRun:
    if state is None:
        raise KeyboardInterrupt  # before there was anything to tell
    assert state.answer is not None
    assert state.reason is not None
    return AgentRun(
        state.task,
        state.answer,
        state.reason,
        state.steps,
        state.messages,
        state.spent_s,
        state.error,
        run_id,
        state.evidence.passages,
    )


def _failed(state: State, error: Exception) -> State:
    from agents.nodes import said

    return state.failed("engine_error", said(error))


def _ended(events: Generator[Event], on_step: OnStep | None, on_kept: OnStep | None = None) -> AgentRun:
    event = next(events)
    while not isinstance(event, AgentRun):
        try:
            _tell(event, on_step, on_kept)
        except KeyboardInterrupt as interrupt:
            event = events.throw(interrupt)
        else:
            event = next(events)
    return event


async def _aended(events: AsyncIterator[Event], on_step: OnStep | None, on_kept: OnStep | None = None) -> AgentRun:
    async for event in events:
        if isinstance(event, AgentRun):
            return event
        _tell(event, on_step, on_kept)
    raise AssertionError("a run ends with an AgentRun")


def _tell(event: Kept | Called | Step, on_step: OnStep | None, on_kept: OnStep | None) -> None:
    if isinstance(event, Step) and on_step is not None:
        on_step(event)
    if isinstance(event, Kept) and on_kept is not None:
        on_kept(event.step)


def _total(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
