"""Passages under a token budget, numbered for a model to cite."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.passage import Passage

CountTokens = Callable[[str], int]

_FRAME = re.compile(r"<(?=\s*/?\s*passage)", re.IGNORECASE)


def render(number: int, passage: Passage) -> str:
    """One passage as the model sees it: number, place, text between marks. Data, not instructions."""
    place = passage.file if passage.page is None else f"{passage.file}, page {passage.page}"
    heading = f" ({passage.heading})" if passage.heading else ""
    source = defused(f"{place}{heading}").replace('"', "'")
    return f'<passage number="{number}" source="{source}">\n{defused(passage.text.strip())}\n</passage>'


def defused(text: str) -> str:
    """A document's text, able neither to close the frame that it stands in nor to open another."""
    return _FRAME.sub("‹", text)


def pack(passages: Sequence[Passage], budget: int, count_tokens: CountTokens) -> list[Passage]:
    """The best passages, in their order, whose rendered texts together stay within `budget` tokens.

    The first one that does not fit ends the list: a later, worse one is not put in its place. Near copies
    (overlapping spans of one file) are left out.
    """
    packed: list[Passage] = []
    used = 0
    for passage in passages:
        if any(_overlap(passage, other) for other in packed):
            continue
        used += count_tokens(render(len(packed) + 1, passage)) + 2
        if used > budget:
            break
        packed.append(passage)
    return packed


def _overlap(one: Passage, other: Passage) -> bool:
    return one.file == other.file and one.start < other.end and other.start < one.end
