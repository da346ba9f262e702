"""Where a search leads on: for a model that asks for the same again."""

from __future__ import annotations

from collections.abc import Sequence

from agents.fixed.bridge import AT_ONCE, lacking, leads
from agents.state import State
from agents.tools.call import Call
from agents.tools.search import SEARCH
from agents.tools.shown import one_line

MOST_QUERIES = 4
MOST_WORDS, MOST_CHARS = 4, 40
"""Of a name. It comes from a document and stands outside of a frame: too short to tell a model anything."""


def untried(state: State, calls: Sequence[Call]) -> tuple[str, ...]:
    """Queries for names in the task or in what was found that no search had in it, those of `calls` (the turn in
    progress) included: the most promising two with the words of the task that the best passage lacks, then each
    alone."""
    passages = state.evidence.passages
    made = [call for step in state.steps for call in step.calls] + list(calls)
    before = " ".join(str(call.arguments.get("query", "")) for call in made if call.name == SEARCH.name).lower()
    names = [one_line(name) for name in leads(state.task, passages)]
    fresh = [name for name in names if _short(name) and name.lower() not in before]
    if not fresh:
        return ()
    first = " ".join([*fresh[:AT_ONCE], *lacking(state.task, passages[:1])])
    return tuple(dict.fromkeys([first, *fresh]))[:MOST_QUERIES]


def _short(name: str) -> bool:
    return len(name.split()) <= MOST_WORDS and len(name) <= MOST_CHARS
