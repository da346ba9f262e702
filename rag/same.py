"""Copies among passages: the same text in two files takes one place in an answer, not two."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rag.claim import NEGATION
from rag.lexical import words_of
from rag.passage import Passage

NEAR = 0.9
"""Share of words in common (Jaccard) at which two passages with the same numbers and names say the same."""
_TELLING = re.compile(r"\w*\d[\w.,:/-]*|\b[A-Z]\w*")


def folded(passages: Iterable[Passage]) -> Iterator[Passage]:
    """The passages in their order, without those that say what an earlier one says.

    Passages with other numbers, names or negations are never folded: two versions of a policy may differ in nothing
    else.
    """
    kept: list[_Words] = []
    for passage in passages:
        words = _Words.of(passage.text)
        if not any(map(words.say_the_same_as, kept)):
            kept.append(words)
            yield passage


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a passage, lower case; those of them that it writes with a capital or a digit; its denials."""

    every: frozenset[str]
    telling: frozenset[str]
    denials: int

    @classmethod
    def of(cls, text: str) -> _Words:
        telling = words_of(" ".join(_TELLING.findall(text)))
        return cls(frozenset(words_of(text)), frozenset(telling), len(NEGATION.findall(text)))

    def say_the_same_as(self, other: _Words) -> bool:
        apart = self.every ^ other.every
        if not self.every or len(apart) > (1 - NEAR) * len(self.every | other.every):
            return False
        return self.denials == other.denials and not apart & (self.telling | other.telling)
