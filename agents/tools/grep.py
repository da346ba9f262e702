"""grep: the passages that hold a text word for word, with the line around it."""

from __future__ import annotations

from collections.abc import Callable

from agents.evidence import Evidence
from agents.tools.call import Observation
from agents.tools.names import cleaned
from agents.tools.shown import one_line, plural, quoted, told, word
from agents.tools.snippet import around
from agents.tools.spec import Parameter, ToolSpec
from rag.exact import Matches

Grep = Callable[[str, str | None, int], Matches]
"""(text, file or None, hits at most) to the first hits and how many passages hold it."""

GREP = ToolSpec(
    "grep",
    "Find an exact text: a name, a number, a code, a phrase. Upper and lower case are the same.",
    (
        Parameter("text", "string", "The text as it is written in the documents, no wildcards"),
        Parameter("file", "string", "Only in this file", required=False),
    ),
)
TEXT_CHARS = 200


def grepped(grep: Grep, text: str, file: str | None, evidence: Evidence, *, hits: int, tokens: int) -> Observation:
    text = cleaned(text)
    if not text.strip() or len(text) > TEXT_CHARS:
        return word(f"text must have 1 to {TEXT_CHARS} characters: a name, a number or a short phrase.", evidence)
    found = grep(text, file, hits)
    within = f" in {one_line(file)}" if file else ""
    if not found.hits:
        return word(f"No passage{within} holds exactly {quoted(text)}. Try a shorter text, or search.", evidence)
    more = found.passages - len(found.hits)
    note = f"{plural(more, 'more passage')}{within} hold{'s' if more == 1 else ''} it" + (
        "" if file else ": name a file"
    )
    parts = [(hit.passage, around(hit.lines, text, tokens)) for hit in found.hits]
    return told(parts, evidence, note if more else "")
