"""What a model says that it has copied, found in the documents: shown where nothing carries its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.answer import Citation
from rag.lexical import content_words, words_of
from rag.passage import Passage
from rag.support import Supported
from rag.verify import cite

LEAST_WORDS = 2
"""That carry meaning; fewer are no quote."""


def copied(
    unsupported: Sequence[str], quotes: Mapping[str, str], supporting: Sequence[Supported], passages: Sequence[Passage]
) -> list[Citation]:
    """For each unsupported sentence the first of `supporting` that holds its quote, or is held by it, each once.

    `quotes`: what the model wrote for a claim, which may be several sentences -> its quote.
    """
    wanted = [quote for written, quote in quotes.items() if any(one in written for one in unsupported)]
    found = (next((item for item in supporting if _same(item.sentence.text, quote)), None) for quote in wanted)
    return list(dict.fromkeys(cite(item.sentence, passages) for item in found if item is not None))


def _same(sentence: str, quote: str) -> bool:
    """Whether one of them is a part of the other, by their words."""
    shorter, longer = sorted((f" {' '.join(words_of(text))} " for text in (sentence, quote)), key=len)
    return shorter in longer and len(content_words(shorter)) >= LEAST_WORDS
