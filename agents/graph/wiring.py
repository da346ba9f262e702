"""The loop: think, act, finish. What the nodes do stands in `agents.nodes`; here is how they are wired.

think ──► act ──► think …          a cycle: the policy's reply, then what becomes of it
  │        ├────► act              the next of several calls
  │        ├────► approve ──► act  a call that would change something: a person says yes or no
  │        └────► finish           an answer, or the end of a limit's last answering call
  └─────────────► finish           the model cannot be asked, or has nothing to answer from
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from agents.nodes import Nodes
from agents.state import State

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

    Loop: TypeAlias = CompiledStateGraph[Any, None, Any, Any]
    Saver: TypeAlias = BaseCheckpointSaver[Any]


class Run(TypedDict):
    """The graph's one channel: a node replaces the state as a whole."""

    run: State


AfterThink: TypeAlias = Command[Literal["act", "finish"]]
AfterAct: TypeAlias = Command[Literal["think", "act", "approve", "finish"]]


def loop(nodes: Nodes, saver: Saver | None = None) -> Loop:
    """The compiled loop. With a saver it can be interrupted, killed and resumed."""

    def think(state: Run) -> AfterThink:
        return _thought(nodes.think(state["run"]))

    def act(state: Run) -> AfterAct:
        # Also of a run that was killed while it acted: only the dead process was allowed to.
        if nodes.changing(state["run"]):
            return Command(goto="approve")
        return _acted(nodes.act(state["run"]))

    def finish(state: Run) -> Run:
        return {"run": nodes.finish(state["run"])}

    return _wired(nodes, saver, think, act, finish)


def async_loop(nodes: Nodes, saver: Saver | None = None) -> Loop:
    """As `loop`, for `astream`: the model is awaited, tools and verification run in a thread."""

    async def think(state: Run) -> AfterThink:
        return _thought(await nodes.athink(state["run"]))

    async def act(state: Run) -> AfterAct:
        if nodes.changing(state["run"]):
            return Command(goto="approve")
        return _acted(await asyncio.to_thread(nodes.act, state["run"]))

    async def finish(state: Run) -> Run:
        return {"run": await asyncio.to_thread(nodes.finish, state["run"])}

    return _wired(nodes, saver, think, act, finish)


def _thought(state: State) -> AfterThink:
    return Command(goto="finish" if state.over else "act", update={"run": state})


def _acted(state: State) -> AfterAct:
    following: Literal["think", "act"] = "think" if state.reply is None else "act"
    return Command(goto="finish" if state.over else following, update={"run": state})


def _wired(nodes: Nodes, saver: Saver | None, think: Any, act: Any, finish: Any) -> Loop:
    def approve(state: Run) -> Command[Literal["act"]]:
        agreed = interrupt(None)  # whoever asks looks at the state
        return Command(goto="act", update={"run": nodes.decided(state["run"], agreed=agreed is True)})

    graph = StateGraph(Run)
    graph.add_node("think", think)
    graph.add_node("approve", approve)
    graph.add_node("act", act)
    graph.add_node("finish", finish)
    graph.add_edge(START, "think")
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=saver)
