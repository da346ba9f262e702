"""The loop: think, act, finish. The only module that knows LangGraph; it is loaded by a run.

think ──► act ──► think …          a cycle: the policy's reply, then what becomes of it
  │        └────► finish           an answer, or the end of a limit's last answering call
  └─────────────► finish           the model cannot be asked, or has nothing to answer from
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Literal

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command

from agents.context import trimmed
from agents.limits import Limits
from agents.policy import Policy, Verify
from agents.reply.normalise import normalise
from agents.state import State
from agents.step import Step, step_of
from agents.tools.toolset import Tools, offered
from agents.turn import take
from inference.errors import ContextOverflowError, EngineError
from rag.answer import Answer


def loop(
    policy: Policy,
    tools: Tools,
    limits: Limits,
    verify: Verify,
    clock: Callable[[], float],
    on_step: Callable[[Step], None],
) -> Callable[[State], Iterator[State]]:
    """The compiled loop: from a first state, every state that it passes through, the finished one last."""

    def think(state: State) -> Command[Literal["act", "finish"]]:
        state = _limited(state, limits, clock())
        if state.over:
            return Command(goto="finish", update=state)
        began = clock()
        try:
            state, message = _asked(policy, state, trim=limits.trim)
        except ContextOverflowError as error:
            return Command(goto="finish", update=state.failed("overflow", error.message))
        except EngineError as error:
            return Command(goto="finish", update=state.failed("engine_error", error.message))
        model_s = clock() - began
        reply = normalise(message, offered(tools), state.cycle)
        return Command(goto="act", update=replace(state, reply=reply, model_s=model_s))

    def act(state: State) -> Command[Literal["think", "finish"]]:
        assert state.reply is not None
        taken = take(state, state.reply, tools, limits, clock)
        step = step_of(state, state.reply, taken, clock())
        on_step(step)
        state = replace(taken.state, steps=(*state.steps, step), cycle_at_s=clock())
        return Command(goto="finish" if state.over else "think", update=state)

    def finish(state: State) -> State:
        passages = state.evidence.passages
        if not state.draft and not passages:
            answer = Answer("", answerable=False)
        else:
            answer = verify(state.task, state.draft, passages)
        reason = state.reason or ("answered" if answer.answerable else "not_in_documents")
        return replace(state, answer=answer, reason=reason)

    graph = StateGraph(State)
    graph.add_node("think", think)
    graph.add_node("act", act)
    graph.add_node("finish", finish)
    graph.add_edge(START, "think")
    graph.add_edge("finish", END)
    compiled = graph.compile()
    # The cycles are counted in the state; LangGraph counts nodes, two of them to a cycle.
    config: RunnableConfig = {"recursion_limit": 2 * limits.max_cycles + 10}

    def run(start: State) -> Iterator[State]:
        for values in compiled.stream(start, config, stream_mode="values"):
            yield State(**{f.name: values[f.name] for f in fields(State)})

    return run


def _limited(state: State, limits: Limits, now_s: float) -> State:
    """Told to answer where a limit is reached; `limit_s` is what the last answering call may take."""
    elapsed_s = now_s - state.began_at_s
    if not state.closing and limits.wall_s is not None and elapsed_s >= limits.wall_s:
        state = state.stopped("wall_clock")
    elif not state.closing and state.cycle > limits.max_cycles:
        state = state.stopped("cycle_limit")
    if state.closing and limits.wall_s is not None:
        return replace(state, limit_s=max(0.0, limits.wall_s - elapsed_s) + limits.closing_s)
    return state


def _asked(policy: Policy, state: State, *, trim: bool) -> tuple[State, AIMessage]:
    """The policy's message; where the prompt does not fit, once more with old observations shortened."""
    state = replace(state, trimmed=False)
    try:
        return state, policy(state)
    except ContextOverflowError as overflow:
        if not trim:
            raise
        state = replace(state, messages=trimmed(state.messages, overflow), trimmed=True)
        return state, policy(state)
