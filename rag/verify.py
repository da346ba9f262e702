"""Claims against passages: code finds the verbatim sentence that carries each claim, or strikes its marker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer import Citation
from rag.lexical import WordCover, content_words
from rag.passage import Passage
from rag.sentences import fold, fold_hyphens, sentence_spans
from rag.support import Supported, Supporter

MARKER = re.compile(r"\s*\[(?:passage\s*)?(\d{1,3}(?:\s*,\s*\d{1,3})*)\]", re.IGNORECASE)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

SHORT_CLAIM = 4
"""A claim of fewer content words is taken as an answer to the question: every word must stand in the quote."""
MIN_COVER = 0.6
"""Of a longer claim, the share of content words (by rarity) that the sentence must hold …"""
NEAR_COSINE, NEAR_COVER = 0.65, 0.4
"""… or this cosine to it with this lower share: a paraphrase. Its numbers must stand in the quote in any case."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A text whose markers number `citations`, and those of its sentences that nothing supports."""

    text: str
    citations: tuple[Citation, ...]
    unsupported: tuple[str, ...]


class Verifier:
    """Verifies what a model wrote against the passages that it was given."""

    def __init__(self, supporter: Supporter) -> None:
        self._supporter = supporter

    def verify(self, question: str, text: str, passages: Sequence[Passage]) -> Verified:
        """`text` cites passages by [number], from 1. A sentence without a marker is looked for in all of
        them; a marker that names no passage, or one that does not carry its sentence, is struck."""
        citations: list[Citation] = []
        unsupported: list[str] = []
        written: list[str] = []
        for claim in _claims(text):
            plain = MARKER.sub("", claim).strip()
            if not content_words(plain):
                written.append(plain)
                continue
            found = self._evidence(question, plain, _cited(claim, len(passages)), passages)
            if found is None:
                unsupported.append(plain)
                written.append(plain)
            else:
                written.append(f"{plain} [{_number(citations, cite(found, passages))}]")
        return Verified("\n".join(filter(None, written)), tuple(citations), tuple(unsupported))

    def _evidence(
        self, question: str, claim: str, cited: Sequence[int], passages: Sequence[Passage]
    ) -> Supported | None:
        """The best sentence that carries the claim among the cited passages, else among all of them."""
        # A short answer ("1.2 billion") is no sentence: it is looked for together with the question.
        short = len(content_words(claim)) < SHORT_CLAIM
        ranked = self._supporter.rank(f"{question} {claim}" if short else claim, passages)
        carrying = [item for item in ranked if _carries(item, claim, short)]
        return next((item for item in carrying if item.sentence.passage in cited), next(iter(carrying), None))


def _carries(item: Supported, claim: str, short: bool) -> bool:
    """Whether a sentence carries a claim. Its numbers must stand there in any case."""
    if not _numbers(claim) <= _numbers(item.sentence.text):
        return False
    if short:
        cover = WordCover([item.sentence.text])
        return all(cover.holders(word) for word in content_words(claim))
    return item.cover >= MIN_COVER or (item.cosine >= NEAR_COSINE and item.cover >= NEAR_COVER)


def cite(found: Supported, passages: Sequence[Passage]) -> Citation:
    """A citation of a sentence; its quote is cut out of the passage, so it stands there by construction."""
    passage = passages[found.sentence.passage]
    start, end = found.sentence.start, found.sentence.end
    quote = passage.text[start - passage.start : end - passage.start]
    shown = fold_hyphens(quote) if passage.page is not None else fold(quote)
    return Citation(passage.file, passage.page, shown, start, end)


def _claims(text: str) -> list[str]:
    """Sentences of a text, a marker after the full stop belonging to the sentence before it."""
    moved = re.sub(r"([.!?])((?:\s*\[[\d,\s]+\])+)", r"\2\1", text)
    return [moved[start:end] for start, end in sentence_spans(moved)]


def _cited(claim: str, count: int) -> list[int]:
    numbers = [int(number) for match in MARKER.finditer(claim) for number in match.group(1).split(",")]
    return [number - 1 for number in dict.fromkeys(numbers) if 1 <= number <= count]


def _number(citations: list[Citation], citation: Citation) -> int:
    if citation not in citations:
        citations.append(citation)
    return citations.index(citation) + 1


def _numbers(text: str) -> set[str]:
    return {match.group().replace(",", "").rstrip(".") for match in _NUMBER.finditer(text)}
