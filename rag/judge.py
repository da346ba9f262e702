"""Whether the documents answer, and what of a draft they carry: decided by code for every reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.answer import Answer
from rag.passage import Passage
from rag.refusal import nearest, refused
from rag.support import Evidence, Supporter
from rag.verify import MARKER, Verifier, cite

NOT_FOUND = "NOT IN THE DOCUMENTS"
"""What a model is told to write where the passages do not hold the answer."""


_REFUSAL = re.compile(rf"\W*{NOT_FOUND}", re.IGNORECASE)


def declines(draft: str) -> bool:
    """Whether a model says that the passages do not hold the answer: its draft begins with NOT_FOUND."""
    return _REFUSAL.match(MARKER.sub("", draft)) is not None


class Judge:
    """A model may lower the verdict, by writing NOT_FOUND; it can never raise it."""

    def __init__(self, supporter: Supporter, threshold: float | None = None) -> None:
        """`threshold`: least support of an answer; None is the one that the encoder was calibrated with."""
        self._supporter = supporter
        self._verifier = Verifier(supporter)
        self._threshold = supporter.calibration.model_threshold if threshold is None else threshold

    def refusal(self, question: str, passages: Sequence[Passage]) -> Answer | None:
        """What to answer without asking a model, where the passages do not support the question; else None."""
        evidence = self._supporter.evidence(question, passages)
        return None if self._sufficient(evidence) else refused(evidence, passages)

    def verdict(
        self,
        question: str,
        draft: str,
        passages: Sequence[Passage],
        shown: Sequence[Passage] | None = None,
    ) -> Answer:
        """The draft as an answer. Its markers [n] number from 1 what was `shown` to its writer (`passages`, where that
        is None); verified ones number the citations.

        Whether the documents answer is told by `passages` as they were retrieved: the support was calibrated on such.
        A draft that begins with NOT_FOUND says that the documents do not answer; further on, it is left out.
        """
        evidence = self._supporter.evidence(question, passages)
        if not self._sufficient(evidence) or declines(draft):
            return refused(evidence, passages)
        shown = passages if shown is None else shown
        verified = self._verifier.verify(question, draft.replace(NOT_FOUND, ""), shown)
        said = Answer(
            verified.text,
            verified.citations,
            unsupported=verified.unsupported,
            struck=verified.struck,
            beside=tuple(cite(sentence, shown) for sentence in verified.beside),
            support=evidence.support,
            looked_for=evidence.looked_for,
            nearest=None if verified.citations else nearest(evidence, passages),
        )
        if verified.text:
            return said
        return replace(said, text=draft, unsupported=(draft,))  # nothing but markers: shown as what it is

    def _sufficient(self, evidence: Evidence) -> bool:
        return evidence.support is not None and evidence.support >= self._threshold
