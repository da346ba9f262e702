"""Of several things that bear one name and a number each, the one that a question means: "RTX 4080", "Annex 3"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.lexical import content_words
from rag.passage import Passage
from rag.phrase import CURRENCY, MONTH_OR_DAY, YEAR

OTHERS = 0.2
"""What is left of any support where the passages tell of the others only."""

_NUMBERED = re.compile(r"\b([^\W\d_]{2,})[ \u00a0](\d[\d,]*(?:\.\d+)*(?:-?[^\W\d_][^\W_]*)?)")


def tells_of_others(question: str, passages: Sequence[Passage]) -> bool:
    """Whether all that the question names by a capitalised word and a number stands in none of the passages, while the
    same words with other numbers do."""
    asked = [(word.lower(), number) for word, number in _numbered(question) if word[0].isupper()]
    told: dict[str, set[str]] = {}
    for one in passages:
        name = re.sub(r"[/_-]+", " ", one.file)
        for word, number in _numbered(f"{name} {one.heading} {one.columns} {one.text}"):
            told.setdefault(word.lower(), set()).add(number)
    return bool(asked) and all(word in told and not _stands(number, told[word]) for word, number in asked)


def _stands(number: str, among: set[str]) -> bool:
    """Python 3.11 is a Python 3."""
    return any(other == number or other.startswith(f"{number}.") for other in among)


def _numbered(text: str) -> Iterator[tuple[str, str]]:
    """Words with the number behind each; not what is counted or dated: amounts, days and years."""
    for word, number in _NUMBERED.findall(text):
        counts = CURRENCY.fullmatch(word) or MONTH_OR_DAY.fullmatch(word) or YEAR.fullmatch(number)
        if content_words(word) and not counts:
            yield word, number.replace("-", "").replace(",", "").lower()
