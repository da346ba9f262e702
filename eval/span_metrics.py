"""How well retrieved spans of text cover the spans that answer a question.

The measures of Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), here over
characters: what two retrieved spans share is retrieved twice and lowers precision, as it would fill a prompt twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class TextSpan:
    """`document[start:end]`."""

    doc: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Each from 0 to 1. `recall`: share of the evidence that is retrieved; `precision`: share of what is retrieved
    that is evidence; `iou`: intersection over union of both."""

    recall: float
    precision: float
    iou: float


def span_scores(retrieved: Sequence[TextSpan], evidence: Sequence[TextSpan]) -> SpanScores:
    """`evidence` must hold a character at least."""
    found = _common(retrieved, evidence)
    wanted = _length(_union(evidence))
    taken = _length(retrieved)
    return SpanScores(found / wanted, found / taken if taken else 0.0, found / (taken + wanted - found))


def precision_omega(passages: Iterable[TextSpan], evidence: Sequence[TextSpan]) -> float:
    """The intersection over union of a perfect retrieval: of just the passages that hold some of the evidence."""
    touching = _union(passage for passage in passages if _common([passage], evidence))
    return span_scores(touching, evidence).iou


def _common(some: Iterable[TextSpan], others: Iterable[TextSpan]) -> int:
    """Characters that lie in both, each counted once."""
    ones, twos = _union(some), _union(others)
    return sum(
        max(0, min(one.end, two.end) - max(one.start, two.start)) for one in ones for two in twos if one.doc == two.doc
    )


def _union(spans: Iterable[TextSpan]) -> list[TextSpan]:
    """The same characters in spans that do not overlap."""
    merged: list[TextSpan] = []
    for span in sorted(spans):
        last = merged[-1] if merged else None
        if last and last.doc == span.doc and span.start <= last.end:
            merged[-1] = TextSpan(span.doc, last.start, max(last.end, span.end))
        else:
            merged.append(span)
    return merged


def _length(spans: Iterable[TextSpan]) -> int:
    return sum(span.end - span.start for span in spans)
