"""Counting the tokens of long texts quickly."""

from __future__ import annotations

from collections.abc import Sequence

from rag.split.tokens import CountTokens

MOST = 200_000
"""Words remembered: some 20 MB."""


class WordCounter:
    """Counts by words between blanks, each word once for all texts that it comes in: a third of the time.

    As exact as the encoder's own count where its tokens do not reach across blanks, which is so for WordPiece and for
    SentencePiece as the encoders of sentence-transformers use them.
    """

    def __init__(self, count_tokens: CountTokens) -> None:
        self._count_tokens = count_tokens
        self._known: dict[str, int] = {}

    def __call__(self, texts: Sequence[str]) -> list[int]:
        split = [text.split() for text in texts]
        if len(self._known) > MOST:
            self._known.clear()
        new = list(set().union(*split).difference(self._known))
        self._known.update(zip(new, self._count_tokens(new), strict=True))
        return [sum(map(self._known.__getitem__, words)) for words in split]
