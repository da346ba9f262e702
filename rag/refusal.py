"""The answer that is none: the documents do not say, what was looked for, and the sentence that came nearest."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer import Answer, Citation
from rag.passage import Passage
from rag.support import Evidence
from rag.verify import cite


def refused(evidence: Evidence, passages: Sequence[Passage]) -> Answer:
    """`evidence` was found in `passages`."""
    return Answer(
        "",
        answerable=False,
        support=evidence.support,
        nearest=nearest(evidence, passages),
        looked_for=evidence.looked_for,
        passages=tuple(passages),
    )


def nearest(evidence: Evidence, passages: Sequence[Passage]) -> Citation | None:
    """The sentence that answers best, well or not; None where nothing was retrieved."""
    return cite(evidence.ranked[0].sentence, passages) if evidence.ranked else None
