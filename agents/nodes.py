"""What happens in the nodes of the graph, as functions from a state to the next: nothing here knows LangGraph."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agents.context import trimmed
from agents.limits import Limits
from agents.policy import Policy, Verify
from agents.reply.normalise import normalise
from agents.state import State
from agents.step import Spent, step_of
from agents.stopwatch import Stopwatch
from agents.tools.call import Call
from agents.tools.toolset import Tools, offered
from agents.turn import take, upcoming
from inference.errors import ContextOverflowError, EngineError
from rag.answer import Answer

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage


@dataclass(frozen=True, slots=True)
class Nodes:
    """The work of one run in this process. No exception of a policy, a tool or the verification leaves it."""

    policy: Policy
    tools: Tools
    limits: Limits
    verify: Verify
    watch: Stopwatch
    process: str = field(default_factory=lambda: uuid.uuid4().hex)
    """What a person agreed to in another process may have been begun there."""

    def think(self, state: State) -> State:
        """The policy's message, read; or over, where it cannot be asked."""
        state = self._ready(state)
        while not state.over:
            try:
                return self._heard(state, self.policy(state))
            except Exception as error:
                state = self._troubled(state, error)
        return state

    async def athink(self, state: State) -> State:
        """As `think`; a policy that has no `acall` is asked in a thread."""
        state = self._ready(state)
        while not state.over:
            try:
                return self._heard(state, await self._awaited(state))
            except Exception as error:
                state = self._troubled(state, error)
        return state

    def act(self, state: State) -> State:
        """The reply's next call carried out; after the last one the cycle's step is written."""
        reply = state.reply
        assert reply is not None
        closing = state.closing
        taken = take(state, reply, self.tools, self.limits, self.watch)
        state = taken.state.spending(framework_s=self.watch.lap())
        if not taken.whole:
            return state
        step = step_of(state, reply, taken.observation, closing=closing)
        return replace(state, steps=(*state.steps, step), reply=None, spent=Spent())

    def finish(self, state: State) -> State:
        """The draft verified; without one the passages answer."""
        passages = state.evidence.passages
        try:
            answer = self.verify(state.task, state.draft, passages) if state.draft or passages else _nothing()
        except Exception as error:
            failed = state.failed("engine_error", f"the answer could not be verified: {said(error)}")
            state, answer = failed, replace(_nothing(), text=state.draft, unsupported=(state.draft,))
        reason = state.reason or ("answered" if answer.answerable else "not_in_documents")
        return replace(state, answer=answer, reason=reason, spent_s=state.spent_s + self.watch.lap())

    def changing(self, state: State) -> Call | None:
        """The call that comes next, where it changes something in the world and the person of this process has neither
        agreed to it nor declined it."""
        writers = {spec.name for spec in self.tools.specs if not spec.read_only}
        if not writers or state.reply is None or state.declined or state.granted == self.process:
            return None
        call = upcoming(state, state.reply, self.tools, self.limits)
        return call if call is not None and call.name in writers else None

    def decided(self, state: State, *, agreed: bool) -> State:
        return replace(state, granted=self.process if agreed else "", declined=not agreed)

    def _awaited(self, state: State) -> Awaitable[AIMessage]:
        acall: Callable[[State], Awaitable[AIMessage]] | None = getattr(self.policy, "acall", None)
        return acall(state) if acall is not None else asyncio.to_thread(self.policy, state)

    def _ready(self, state: State) -> State:
        """Told to answer where a limit is reached, and with room made where the server has less than it says."""
        state = state.spending(framework_s=self.watch.lap())
        state = _limited(replace(state, trimmed=False), self.limits)
        last = state.steps[-1] if state.steps else None
        if last is not None and last.prompt_fell and self.limits.trim and not state.over:
            state = _with_room(state, _cut_silently(state))
        return state.spending(framework_s=self.watch.lap())

    def _heard(self, state: State, message: AIMessage) -> State:
        state = state.spending(model_s=self.watch.lap())
        return replace(state, reply=normalise(message, offered(self.tools), state.cycle))

    def _troubled(self, state: State, error: Exception) -> State:
        """With old observations shortened, once, where the prompt does not fit; else the run ends."""
        state = state.spending(model_s=self.watch.lap())
        if isinstance(error, ContextOverflowError):
            roomier = _with_room(state, error) if self.limits.trim and not state.trimmed else state
            if roomier.messages != state.messages:
                return roomier.spending(framework_s=self.watch.lap())
            return state.failed("overflow", error.message)
        return state.failed("engine_error", said(error))


def said(error: Exception) -> str:
    return error.message if isinstance(error, EngineError) else f"{type(error).__name__}: {error}"


def _nothing() -> Answer:
    return Answer("", answerable=False)


def _with_room(state: State, overflow: ContextOverflowError) -> State:
    """As it is where nothing can be shortened."""
    messages = trimmed(state.messages, overflow)
    return replace(state, messages=messages, trimmed=True) if messages != state.messages else state


def _cut_silently(state: State) -> ContextOverflowError:
    """What a server would have said that cuts its prompts instead: the most and the least that it read."""
    read: Sequence[int] = [step.prompt_tokens for step in state.steps if step.prompt_tokens is not None]
    return ContextOverflowError(
        "the server cuts the prompt",
        next_step="give the model a longer context",
        prompt_tokens=max(read),
        context_tokens=read[-1],
    )


def _limited(state: State, limits: Limits) -> State:
    """`limit_s` is what the call that follows may take; the last answering call has `closing_s` on top."""
    if not state.closing and limits.wall_s is not None and state.spent_s >= limits.wall_s:
        state = state.stopped("wall_clock")
    elif not state.closing and state.cycle > limits.max_cycles:
        state = state.stopped("cycle_limit")
    if limits.wall_s is None:
        return replace(state, limit_s=None)  # a resumed run may have had one
    return replace(state, limit_s=max(0.0, limits.wall_s - state.spent_s) + (limits.closing_s if state.closing else 0))
