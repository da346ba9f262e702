"""search: the passages that fit a query, a snippet of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.evidence import Evidence
from agents.tools.call import Observation
from agents.tools.names import cleaned
from agents.tools.shown import quoted, told, word
from agents.tools.snippet import snippets
from agents.tools.spec import Parameter, ToolSpec
from rag.passage import Passage

Search = Callable[[str], Sequence[Passage]]

SEARCH = ToolSpec(
    "search",
    "Find passages in the documents. Shows a part of each; read shows more.",
    (Parameter("query", "string", "Words that the documents would use"),),
)
QUERY_CHARS = 1_000


def searched(search: Search, query: str, evidence: Evidence, *, hits: int, tokens: int) -> Observation:
    """At most so many hits, of each a snippet of about so many tokens."""
    query = cleaned(query[:QUERY_CHARS])
    found = search(query)[:hits]
    if not found:
        return word(
            f"Nothing was found for {quoted(query)}. Try other words, such as the documents would use.", evidence
        )
    return told(zip(found, snippets(query, found, tokens), strict=True), evidence)
