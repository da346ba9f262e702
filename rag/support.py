"""Which sentences of the passages support a text, and how well: the score that decides about trust."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rag.asked import Asked
from rag.calibration import CALIBRATIONS, MINILM, Calibration
from rag.cosine_scale import CosineScale
from rag.encoder import Encoder, Vectors
from rag.features import Features
from rag.lexical import WordCover, content_words
from rag.passage import Passage
from rag.sentence import Sentence, candidates, sentences_of_all
from rag.sentences import fold
from rag.sibling import OTHERS, tells_of_others

Rarity = Callable[[Sequence[str]], Mapping[str, float]]

MAX_KNOWN = 5_000
"""Vectors kept: 8 MB at 384 dimensions."""

ENCODED = 24
"""Sentences that are encoded for one text: those with the best cover of its words, the first passages' where it is
alike. With 24 of 70 to 160 no figure on lihua_world moved by more than .001."""


@dataclass(frozen=True, slots=True)
class Supported:
    """A sentence with its support: `cosine` to the text, `cover` of the text's rare words (0 to 1). `score` (0 to 1)
    orders the sentences; of a question's it can be compared across questions."""

    sentence: Sentence
    cosine: float
    cover: float
    score: float
    features: Features | None = None
    """What a question's score was made of."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What passages hold for a question.

    `ranked`: sentences, the one that answers best first. `weights`: the question's words with their rarity.
    """

    question: str
    ranked: tuple[Supported, ...]
    weights: Mapping[str, float]

    @property
    def support(self) -> float | None:
        """The best sentence's score, None where there is no sentence. Comparable across questions, unlike a fused
        score, which is relative to the best BM25 of its query."""
        return self.ranked[0].score if self.ranked else None

    @property
    def looked_for(self) -> tuple[str, ...]:
        """The question's words as it writes them, the rarest first."""
        rare = sorted(self.weights, key=lambda word: -self.weights[word])
        found = {word: re.search(re.escape(word), self.question, re.IGNORECASE) for word in rare}
        return tuple(match.group() if match else word for word, match in found.items())


class Supporter:
    """Scores sentences against questions and claims."""

    def __init__(self, encoder: Encoder, rarity: Rarity, calibration: Calibration | None = None) -> None:
        """`calibration` None: the encoder's own; one that has none gets its cosines put on MiniLM's scale."""
        self._encoder = encoder
        self._rarity = rarity
        self._known: dict[str, Vectors] = {}
        self._asked: tuple[str, Vectors] | None = None
        self._calibrated = calibration or CALIBRATIONS.get(encoder.name)

    @property
    def calibration(self) -> Calibration:
        return self._calibrated or MINILM

    def rank(self, claim: str, passages: Sequence[Passage]) -> list[Supported]:
        """The sentences nearest to a claim, the best first; equal ones in the order of passages.

        The score is half cosine, half cover; the second form lets a paraphrase stand that shares no word.
        """
        sentences, words = sentences_of_all(passages), content_words(claim)
        texts = _encoded(sentences, passages, words)
        covers = _cover(dict(self._rarity(words)), sentences, texts, passages)
        ranked = [
            Supported(sentences[place], cosine, covers[place], max(0.5 * cosine + 0.5 * covers[place], 0.7 * cosine))
            for place, cosine in self._cosines(claim, sentences, texts, covers).items()
        ]
        return sorted(ranked, key=lambda item: -item.score)

    def evidence(self, question: str, passages: Sequence[Passage]) -> Evidence:
        """The sentences that may answer the question. A title, a question or a table's header row is no answer, where
        there is anything else."""
        asked = Asked(question)
        weights = dict(self._rarity(asked.words))
        sentences = candidates(passages)
        texts = _encoded(sentences, passages, asked.words)
        covers = _cover(weights, sentences, texts, passages)
        around = WordCover([f"{one.file} {one.heading} {one.columns} {one.text}" for one in passages]).weighted(weights)
        trust = OTHERS if tells_of_others(question, passages) else 1.0
        ranked = []
        for place, cosine in self._cosines(question, sentences, texts, covers).items():
            sentence = sentences[place]
            features = Features(cosine, covers[place], around[sentence.passage], asked.fitting(sentence.text))
            support = trust * self.calibration.support(features)
            ranked.append(Supported(sentence, cosine, covers[place], support, features))
        return Evidence(question, tuple(sorted(ranked, key=lambda item: -item.score)), weights)

    def likeness(self, question: str, text: str) -> float:
        """Their cosine, on the scale of the calibration."""
        return self._scale(float(self._vectors([text])[0] @ self._query(question)))

    def weights(self, words: Sequence[str]) -> Mapping[str, float]:
        """The rarity of each word in the index."""
        return self._rarity(words)

    def _cosines(
        self, text: str, sentences: Sequence[Sentence], texts: Sequence[str], covers: Sequence[float]
    ) -> dict[int, float]:
        """Place of a sentence -> its cosine, for those that are worth encoding, in their order."""
        if not texts:
            return {}

        def promise(place: int) -> float:
            return covers[place] + 0.3 / (1 + sentences[place].passage)

        kept = sorted(sorted(range(len(texts)), key=lambda place: -promise(place))[:ENCODED])
        cosines = self._vectors([texts[place] for place in kept]) @ self._query(text)
        return {place: self._scale(float(cosine)) for place, cosine in zip(kept, cosines, strict=True)}

    def _query(self, text: str) -> Vectors:
        """The last one is kept: a question is asked again for each of its claims."""
        if self._asked is None or self._asked[0] != text:
            self._asked = text, self._encoder.query(text)
        return self._asked[1]

    @cached_property
    def _scale(self) -> CosineScale:
        return CosineScale.of(self._encoder) if self._calibrated is None else CosineScale()

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Each text is encoded once: a question and the claims of its answer look at the same sentences."""
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._encoder.documents(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def _encoded(sentences: Sequence[Sentence], passages: Sequence[Passage], words: Sequence[str]) -> list[str]:
    """Each sentence under its heading and the line that leads to it: alone it rarely says what it is about.

    A row is read with the names of its columns where one of its cells holds one of `words`; else every row of a table
    would cover a question that names one of the columns.
    """
    wanted = set(words)
    texts = []
    for item in sentences:
        row = item.row if item.row is not None and wanted & set(content_words(" ".join(item.row.cells))) else None
        lead = fold(item.lead.text) if item.lead else ""
        above = f"{passages[item.passage].heading} {lead}".strip()
        texts.append(f"{above} {fold(item.text) if row is None else row.paired()}".strip())
    return texts


def _cover(
    weights: Mapping[str, float], sentences: Sequence[Sentence], texts: Sequence[str], passages: Sequence[Passage]
) -> list[float]:
    """The share of the words in each sentence as it is encoded, the name of its file counting too."""
    named = [f"{passages[item.passage].file} {text}" for item, text in zip(sentences, texts, strict=True)]
    return WordCover(named).weighted(weights)
