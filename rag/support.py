"""Which sentences of the passages support a text, and how well: the score that decides about trust."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.encoder import Encoder, Vectors
from rag.lexical import WordCover, content_words
from rag.passage import Passage
from rag.sentences import fold, sentence_spans

Rarity = Callable[[Sequence[str]], Mapping[str, float]]

THRESHOLD = 0.46
"""Least support of the best sentence at which the documents are taken to answer, for the packaged encoder and both
readers. Set on lihua_world, where it answers four of five answerable and one of four unanswerable questions."""

MAX_KNOWN = 5_000
"""Vectors kept: 8 MB at 384 dimensions."""

MIN_CHARACTERS = 12
"""Shorter pieces (a list's mark, a cell) are no sentence anybody could check."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage; `start` and `end` are offsets into the document's text."""

    passage: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Supported:
    """A sentence with its support: `cosine` to the question, `cover` of the question's rare words (0 to 1)."""

    sentence: Sentence
    cosine: float
    cover: float

    @property
    def score(self) -> float:
        """Comparable across questions, unlike a fused score, which is relative to the best BM25 of its query.

        Half cosine, half cover; the second form lets a paraphrase stand that shares no word. On 130 questions of
        lihua_world (65 unanswerable) the area under the ROC curve is .847; cosine alone .77, cover alone .80.
        """
        return max(0.5 * self.cosine + 0.5 * self.cover, 0.7 * self.cosine)


class Supporter:
    """Scores sentences against questions and claims."""

    def __init__(self, encoder: Encoder, rarity: Rarity) -> None:
        self._encoder = encoder
        self._rarity = rarity
        self._known: dict[str, Vectors] = {}

    def rank(self, question: str, passages: Sequence[Passage]) -> list[Supported]:
        """Every sentence of the passages, the best supporting first; equal ones in the order of passages."""
        sentences = [sentence for number, passage in enumerate(passages) for sentence in sentences_of(number, passage)]
        if not sentences:
            return []
        # The heading stands before the sentence: a sentence alone rarely says what it is about.
        texts = [f"{passages[item.passage].heading} {fold(item.text)}".strip() for item in sentences]
        cosines = self._vectors(texts) @ self._encoder.query(question)
        weights = dict(self._rarity(content_words(question)))
        covers = WordCover(
            [f"{passages[item.passage].file} {text}" for item, text in zip(sentences, texts, strict=True)]
        )
        ranked = [
            Supported(sentence, float(cosine), cover)
            for sentence, cosine, cover in zip(sentences, cosines, covers.weighted(weights), strict=True)
        ]
        return sorted(ranked, key=lambda item: -item.score)

    def weights(self, words: Sequence[str]) -> Mapping[str, float]:
        """The rarity of each word in the index."""
        return self._rarity(words)

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Each text is encoded once: a question and the claims of its answer look at the same sentences."""
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._encoder.documents(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def sentences_of(number: int, passage: Passage) -> list[Sentence]:
    """The sentences of one passage, `number` being its place among the passages."""
    return [
        Sentence(number, passage.start + start, passage.start + end, passage.text[start:end])
        for start, end in sentence_spans(passage.text)
        if end - start >= MIN_CHARACTERS
    ]
