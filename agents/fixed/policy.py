"""The policy with no language model: search, search again with what was found, read the best hit, finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.fixed.bridge import next_query
from agents.policy import Policy
from agents.tools.call import Call
from agents.tools.finish import FINISH
from inference.errors import EngineError

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from agents.state import State

READS_AT = 3
"""The cycle in which the best hit is read in its place: the second search earns more (docs/retrieval.md)."""


def fixed_policy(*, searches: int = 3) -> Policy:
    """At most so many searches and one reading, then the end; sooner where nothing is left to search for. It writes no
    answer: its finish is empty, and the verification takes the answer from the passages. A function of the state
    alone."""

    def policy(state: State) -> AIMessage:
        from langchain_core.messages import AIMessage
        from langchain_core.messages.tool import tool_call

        thought, call = _next(state, searches)
        given = tool_call(name=call.name, args=dict(call.arguments), id=f"call-{state.cycle}-1")
        return AIMessage(thought, tool_calls=[given])

    return policy


def _next(state: State, searches: int) -> tuple[str, Call]:
    found = state.evidence.passages
    asked = [query for step in state.steps for call in step.calls if (query := _query(call))]
    if not state.searched:
        if asked[-1:] == [state.task]:
            raise EngineError(state.steps[-1].observation, next_step="see what `speedking status` says of the index")
        return "Search with the words of the task.", Call("search", {"query": state.task})
    if state.closing or not found:
        return "Answer from what was found.", Call(FINISH.name, {"answer": ""})
    if state.cycle == READS_AT:
        place = {} if found[0].page is None else {"page": found[0].page}
        return "Read the best hit in its place.", Call("read", {"file": found[0].file, **place})
    query = next_query(state.task, found, asked) if len(asked) < searches else None
    if query is None:
        return "Answer from what was found.", Call(FINISH.name, {"answer": ""})
    return "Search again with names from what was found.", Call("search", {"query": query})


def _query(call: Call) -> str | None:
    """What was searched for. The steps may be a model's, with calls that no tool could take."""
    query = call.arguments.get("query") if call.name == "search" else None
    return query if isinstance(query, str) else None
