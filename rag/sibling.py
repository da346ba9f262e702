"""Of several things that bear one name and a number each, the one that a question means: "scope 3", "RTX 4080"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.lexical import content_words
from rag.passage import Passage

OTHERS = 0.2
"""What is left of any support where the passages tell of the others only."""

_YEAR = re.compile(r"(?:19|20)\d\d")
_NUMBERED = re.compile(r"([^\W\d_]+) (\d[\w.]*)")


def tells_of_others(question: str, passages: Sequence[Passage]) -> bool:
    """Whether something that the question names by a word and a number stands in none of the passages, while the same
    word with another number does."""
    asked = set(_numbered(question))
    told = {name for one in passages for name in _numbered(f"{one.file} {one.heading} {one.columns} {one.text}")}
    words = {word for word, _ in told}
    return any(word in words for word, number in asked - told)


def _numbered(text: str) -> list[tuple[str, str]]:
    """Words with the number behind each, years left out; behind a preposition or an article it counts something."""
    plain = " ".join(re.findall(r"\d+(?:\.\d+)*\w*|\w+", text.lower()))
    return [
        (word, number)
        for word, number in _NUMBERED.findall(plain)
        if content_words(word) and not _YEAR.fullmatch(number)
    ]
