"""The reader without a language model: the sentences that support the question best, verbatim."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer import Answer, OnText
from rag.passage import Passage
from rag.read.choice import choose
from rag.refusal import refused
from rag.support import Supporter
from rag.verify import cite


class ExtractiveReader:
    """Implements `Reader`."""

    def __init__(self, supporter: Supporter, threshold: float | None = None) -> None:
        """`threshold`: least support of an answer; None is the one that the encoder was calibrated with."""
        self._supporter = supporter
        self._threshold = supporter.calibration.reader_threshold if threshold is None else threshold

    def answer(self, question: str, passages: Sequence[Passage], on_text: OnText | None = None) -> Answer:
        """Of a table's row the cell that is asked for is shown, with the names of its row and column; the quote is the
        row."""
        evidence = self._supporter.evidence(question, passages)
        if evidence.support is None or evidence.support < self._threshold:
            return refused(evidence, passages)
        chosen = choose(evidence, passages)
        citations = tuple(cite(item.sentence, passages) for item in chosen)
        told = [item.sentence.row.told(evidence.weights) if item.sentence.row else None for item in chosen]
        shown = [cell or citation.quote for cell, citation in zip(told, citations, strict=True)]
        text = "\n".join(f"{line} [{number}]" for number, line in enumerate(shown, start=1))
        if on_text is not None:
            on_text(text)
        return Answer(
            text, citations, support=evidence.support, looked_for=evidence.looked_for, passages=tuple(passages)
        )
