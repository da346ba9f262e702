"""Whether the documents answer, and what of a draft they carry: decided by code for every reader."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answer import Answer
from rag.passage import Passage
from rag.support import THRESHOLD, Supporter
from rag.verify import MARKER, Verifier

NOT_FOUND = "NOT IN THE DOCUMENTS"
"""What a model is told to write where the passages do not hold the answer."""


_REFUSAL = re.compile(rf"\W*{NOT_FOUND}", re.IGNORECASE)


class Judge:
    """A model may lower the verdict, by writing NOT_FOUND; it can never raise it."""

    def __init__(self, supporter: Supporter, threshold: float = THRESHOLD) -> None:
        self._supporter = supporter
        self._verifier = Verifier(supporter)
        self._threshold = threshold

    def support(self, question: str, passages: Sequence[Passage]) -> float | None:
        """The best sentence's support, comparable across questions; None where there is no sentence."""
        ranked = self._supporter.rank(question, passages)
        return ranked[0].score if ranked else None

    def sufficient(self, support: float | None) -> bool:
        return support is not None and support >= self._threshold

    def verdict(self, question: str, draft: str, passages: Sequence[Passage]) -> Answer:
        """The draft as an answer. Its markers [n] number `passages` from 1; verified ones number the citations.

        A draft that begins with NOT_FOUND says that the documents do not answer; further on, it is left out.
        """
        support = self.support(question, passages)
        if not self.sufficient(support) or _REFUSAL.match(MARKER.sub("", draft)):
            return Answer("", answerable=False, support=support)
        said = draft.replace(NOT_FOUND, "")
        verified = self._verifier.verify(question, said, passages)
        if not verified.text:  # nothing but markers: shown as what it is
            return Answer(draft, unsupported=(draft,), support=support)
        return Answer(verified.text, verified.citations, unsupported=verified.unsupported, support=support)
