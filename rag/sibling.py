"""Of several things that bear one name and a number each, the one that a question means: "RTX 4080", the year 2019."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.asked import with_years
from rag.lexical import content_words
from rag.passage import Passage
from rag.phrase import CURRENCY, MONTH_OR_DAY, YEAR

OTHERS = 0.2
"""What is left of any support where the passages tell of the others only."""

_CALENDAR = re.compile(r"\b(?:19|20)\d\d\b")
_NUMBERED = re.compile(r"\b([^\W\d_]{2,})[ \u00a0](\d[\d,]*(?:\.\d+)*(?:-?[^\W\d_][^\W_]*)?)")


def tells_of_others(question: str, passages: Sequence[Passage]) -> bool:
    """Whether all that the question names by a word and a number, or every year that it names, stands in none of the
    passages, while the same words with other numbers, or other years, do.

    The word has a capital in the question or in the documents: "scope 3" where they tell of "Scope 1".
    """
    texts = [_whole(one) for one in passages]
    return _other_numbers(question, texts) or _other_years(question, texts)


def _other_numbers(question: str, texts: Sequence[str]) -> bool:
    told: dict[str, set[str]] = {}
    names: set[str] = set()
    for text in texts:
        for word, number in numbered(text):
            told.setdefault(word.lower(), set()).add(number)
            names.update({word.lower()} if word[0].isupper() else ())
    asked = [
        (word.lower(), number) for word, number in numbered(question) if word[0].isupper() or word.lower() in names
    ]
    return bool(asked) and all(word in told and not _stands(number, told[word]) for word, number in asked)


def _other_years(question: str, texts: Sequence[str]) -> bool:
    """A year counts as told wherever its figures stand, in "20190405" too."""
    asked = set(_CALENDAR.findall(with_years(question)))
    told = with_years("\n".join(texts))
    return bool(asked) and bool(_CALENDAR.search(told)) and not any(year in told for year in asked)


def _whole(passage: Passage) -> str:
    """With what it stands under; the year of a report is often in the file's name only."""
    name = re.sub(r"[/_-]+", " ", passage.file)
    return f"{name} {passage.heading} {passage.columns} {passage.text}"


def _stands(number: str, among: set[str]) -> bool:
    """Python 3.11 is a Python 3."""
    return any(other == number or other.startswith(f"{number}.") for other in among)


def numbered(text: str) -> Iterator[tuple[str, str]]:
    """Words with the number behind each ("Level", "2"); not what is counted or dated: amounts, days and years."""
    for word, number in _NUMBERED.findall(text):
        counts = CURRENCY.fullmatch(word) or MONTH_OR_DAY.fullmatch(word) or YEAR.fullmatch(number)
        if content_words(word) and not counts:
            yield word, number.replace("-", "").replace(",", "").lower()
