"""Passages under a token budget, numbered for a model to cite."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from rag.answer import Citation
from rag.passage import Passage

CountTokens = Callable[[str], int]

_CONTROL = re.compile(
    r"<(?=[|｜]|\s*/?\s*(?:passage|conversation|system|user|assistant|think|tools?[>_]|tool_|start_of_|end_of_|turn|s>|bos>|eos>|<\s*/?sys))"
    r"|\[(?=\s*/?\s*(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_))",
    re.IGNORECASE,
)
"""What opens a frame: our own, or a turn in the chat template of Qwen, Llama, Gemma, Mistral, DeepSeek and their like.
Engines read such marks as control tokens wherever they stand in a prompt."""
_UNSEEN = re.compile(r"[\U000e0000-\U000e007f\u202a-\u202e\u2066-\u2069]")
"""Tag characters and overrides of direction: a model reads them, a person does not see them."""


def render(number: int, passage: Passage) -> str:
    """One passage as the model sees it: number, place, text between marks. Data, not instructions.

    Rows of a table that lost their header to an earlier passage are shown with it.
    """
    place = passage.file if passage.page is None else f"{passage.file}, page {passage.page}"
    heading = f" ({passage.heading})" if passage.heading else ""
    source = defused(f"{place}{heading}").replace('"', "'")
    text = defused(f"{passage.columns.strip()}\n{passage.text.strip()}".strip())
    return f'<passage number="{number}" source="{source}">\n{text}\n</passage>'


def rendered(passages: Sequence[Passage]) -> str:
    """Passages as they stand in a prompt, numbered from 1."""
    return "\n\n".join(render(number, passage) for number, passage in enumerate(passages, start=1))


def defused(text: str) -> str:
    """A document's text, able neither to close the frame or the turn that it stands in nor to open another."""
    seen = _UNSEEN.sub("", text)  # first: what is taken out must not leave a mark behind
    return _CONTROL.sub(lambda match: "‹" if match.group() == "<" else "(", seen)


def pack(
    passages: Sequence[Passage], budget: int, count_tokens: CountTokens, *, pinned: Sequence[Passage] = ()
) -> list[Passage]:
    """The best passages, in their order, whose rendered texts together stay within `budget` tokens.

    The first one that does not fit ends the list: a later, worse one is not put in its place. Near copies
    (overlapping spans of one file) are left out, those of `pinned` passages too. The `pinned` ones stand before
    the packed ones in the prompt, and so in their numbers; they are no part of the list or of the budget.
    """
    packed: list[Passage] = []
    used = 0
    for passage in passages:
        if any(_overlap(passage, other) for other in (*pinned, *packed)):
            continue
        used += count_tokens(render(len(pinned) + len(packed) + 1, passage)) + 2
        if used > budget:
            break
        packed.append(passage)
    return packed


def without(passages: Sequence[Passage], places: Sequence[Citation]) -> list[Passage]:
    """The passages with blanks in the places' stead, so that everything else stays where it was."""
    return [reduce(_blanked, places, passage) for passage in passages]


def _blanked(passage: Passage, place: Citation) -> Passage:
    start, end = max(place.start - passage.start, 0), min(place.end - passage.start, len(passage.text))
    if place.file != passage.file or start >= end:
        return passage
    return replace(passage, text=passage.text[:start] + " " * (end - start) + passage.text[end:])


def _overlap(one: Passage, other: Passage) -> bool:
    return one.file == other.file and one.start < other.end and other.start < one.end
