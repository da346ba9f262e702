"""Copies among passages: the same text in two files takes one place in an answer, not two."""

from __future__ import annotations

from collections.abc import Iterable

from rag.lexical import words_of
from rag.passage import Passage

NEAR = 0.9
"""Share of words in common (Jaccard) at which two passages with the same numbers say the same."""


def folded(passages: Iterable[Passage]) -> list[Passage]:
    """The passages in their order, without those that say what an earlier one says.

    Passages with other numbers are never folded: two versions of a policy may differ in nothing else.
    """
    kept: list[tuple[Passage, frozenset[str]]] = []
    for passage in passages:
        words = frozenset(words_of(passage.text))
        if not any(_same(words, other) for _, other in kept):
            kept.append((passage, words))
    return [passage for passage, _ in kept]


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    if not one or len(one ^ other) > (1 - NEAR) * len(one | other):
        return False
    return _numbers(one) == _numbers(other)


def _numbers(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if any(character.isdigit() for character in word))
