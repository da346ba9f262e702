"""The reader without a language model: the sentences that support the question best, verbatim."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer import Answer, OnText
from rag.passage import Passage
from rag.support import THRESHOLD, Supported, Supporter
from rag.verify import cite

MAX_SENTENCES = 3
_NEAR = 0.88
"""A further sentence is shown when its support is within this share of the best one's."""


class ExtractiveReader:
    """Implements `Reader`."""

    def __init__(self, supporter: Supporter, threshold: float = THRESHOLD) -> None:
        self._supporter = supporter
        self._threshold = threshold

    def answer(self, question: str, passages: Sequence[Passage], on_text: OnText | None = None) -> Answer:
        ranked = self._supporter.rank(question, passages)
        if not ranked or ranked[0].score < self._threshold:
            return Answer("", answerable=False, support=ranked[0].score if ranked else None)
        chosen = _distinct(ranked)
        citations = tuple(cite(item, passages) for item in chosen)
        text = "\n".join(f"{citation.quote} [{number}]" for number, citation in enumerate(citations, start=1))
        if on_text is not None:
            on_text(text)
        return Answer(text, citations, support=ranked[0].score)


def _distinct(ranked: Sequence[Supported]) -> list[Supported]:
    """The best sentence and those that come near it, each text once. A title or a question is no answer."""
    chosen: list[Supported] = []
    texts: set[str] = set()
    telling = [item for item in ranked if not _only_names_it(item.sentence.text)] or ranked
    for item in telling:
        folded = " ".join(item.sentence.text.lower().split())
        if item.score < _NEAR * telling[0].score or len(chosen) == MAX_SENTENCES:
            break
        if folded not in texts:
            texts.add(folded)
            chosen.append(item)
    return chosen


def _only_names_it(sentence: str) -> bool:
    return sentence.startswith(("#", "---")) or sentence.rstrip().endswith("?")
