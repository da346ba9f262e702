"""Whether two texts share a word that carries meaning."""

from __future__ import annotations

import re

STOP_WORDS = frozenset(
    "a about above after again all already also an and any are as at be because before been being below "
    "between both but by can could did do does down during each ever few for from further had has have how "
    "i if in into is it its just may me might more most must my need no nor not of off on once one only or "
    "other our out over own s same should so some such t than that the their them then there these they "
    "this those through to too under until up very was we were what when where which while who why will "
    "with without would you your many much".split()
)


def fold(text: str) -> str:
    return " ".join(text.split())


def stem(word: str) -> str:
    """Cuts one inflection, twice: enough to see that writing and writes are one word."""
    for _ in range(2):
        word = re.sub(r"(?<=...)(ies|es|s|ing|ed|er|ly|tion|ment|e|y)$", "", word)
    return re.sub(r"(.)\1$", r"\1", word)


def content_words(text: str) -> set[str]:
    words = re.findall(r"[a-z]+|\d+(?:[.,]\d+)*", text.lower())
    return {stem(word) for word in words if word not in STOP_WORDS}
