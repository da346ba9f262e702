"""The loop driven from a task, or from where a run was left, to its end; a person asked on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from langgraph.types import Command

from agents.graph.wiring import async_loop, loop
from agents.nodes import Nodes
from agents.state import State
from agents.step import MENDABLE
from agents.tools.call import Call
from inference.errors import UsageError

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.types import StateSnapshot

    from agents.graph.wiring import Saver

Approve: TypeAlias = Callable[[Call, bool], bool]
"""(a call that would change something, whether it may have been done already) -> yes or no."""


@dataclass(frozen=True, slots=True)
class Drive:
    """One run. Without a saver nothing is kept and nobody can be asked; `approve` None declines whatever changes
    something."""

    nodes: Nodes
    run_id: str
    saver: Saver | None = None
    approve: Approve | None = None

    def kept(self) -> bool:
        """Whether there is a state to go on from: a run that was killed as it began has none."""
        return self.saver is not None and "run" in loop(self.nodes, self.saver).get_state(self._config).values

    def states(self, start: State | None) -> Iterator[State]:
        """Every state that the run passes through, the finished one last; None goes on where the run was left.
        Raises UsageError where no run has this id."""
        compiled = loop(self.nodes, self.saver)
        given: Any = {"run": start}
        if start is None:
            left = compiled.get_state(self._config)
            yield self._taken_up(left)
            given = self._reopened(left)
            if given is None and self._state(left).answer is not None:
                return
        while True:
            for values in compiled.stream(given, self._config, stream_mode="values", durability=self._durability):
                if "run" in values:  # killed as it began, a run first tells of nothing
                    yield values["run"]
            given = None if self.saver is None else self._asked(compiled.get_state(self._config))
            if given is None:
                return

    async def astates(self, start: State | None) -> AsyncIterator[State]:
        """As `states`; the saver has to be an asynchronous one."""
        compiled = async_loop(self.nodes, self.saver)
        given: Any = {"run": start}
        if start is None:
            left = await compiled.aget_state(self._config)
            yield self._taken_up(left)
            given = self._reopened(left)
            if given is None and self._state(left).answer is not None:
                return
        while True:
            stream = compiled.astream(given, self._config, stream_mode="values", durability=self._durability)
            async for values in stream:
                if "run" in values:
                    yield values["run"]
            if self.saver is None:
                return
            given = await asyncio.to_thread(self._asked, await compiled.aget_state(self._config))
            if given is None:
                return

    @property
    def _config(self) -> RunnableConfig:
        # Cycles are counted in the state. LangGraph counts nodes: for each call acting, perhaps twice, and asking.
        limits = self.nodes.limits
        limit = (3 * limits.max_calls + 4) * limits.max_cycles + 10
        return {"recursion_limit": limit, "configurable": {"thread_id": self.run_id}}

    @property
    def _durability(self) -> Any:
        return None if self.saver is None else "sync"

    def _state(self, left: StateSnapshot) -> State:
        state: State | None = left.values.get("run")
        if state is None:
            raise UsageError(
                f"there is no run {self.run_id!r} to go on with: one that has ended is not kept",
                next_step="see the id that the run showed",
            )
        return state

    def _taken_up(self, left: StateSnapshot) -> State:
        """What was kept; its time counts on."""
        state = self._state(left)
        self.nodes.watch.total_s += state.spent_s
        return state

    def _reopened(self, left: StateSnapshot) -> Any:
        """Where the engine had ended the run, the model asked once more; else None, which goes on with what was next.
        (Nothing else may be written here: what the last process had written of a node counts too, and a node that had
        written is none that LangGraph calls next.)"""
        state = self._state(left)
        if state.answer is None or state.reason not in MENDABLE:
            return None
        opened = replace(state, reason=state.closed_by, over=False, error=None, answer=None, draft="")
        return Command(goto="think", update={"run": opened})

    def _asked(self, snapshot: StateSnapshot) -> Any:
        """The person's word on what waits for it; None where the run has ended."""
        if not snapshot.interrupts:
            return None
        state: State = snapshot.values["run"]
        with self.nodes.watch.stopped():
            call = self.nodes.changing(state)
            agreed = self.approve is not None and call is not None and self.approve(call, _begun(call, state))
        return Command(resume=agreed)


def _begun(call: Call, state: State) -> bool:
    """Agreed to in a process that was killed, or begun and late or failed."""
    return bool(state.granted) or state.log.of(call).begun
