"""Each figure here was worked out by hand; the comments show how."""

from __future__ import annotations

import pytest

from eval.span_metrics import SpanScores, TextSpan, precision_omega, span_scores


def spans(*places: tuple[int, int], doc: str = "a") -> list[TextSpan]:
    return [TextSpan(doc, start, end) for start, end in places]


def test_shares_of_evidence_of_what_is_retrieved_and_of_their_union() -> None:
    # 10 of 20 characters of evidence are found in 40 retrieved ones; the union has 50.
    assert span_scores(spans((0, 40)), spans((30, 50))) == SpanScores(recall=0.5, precision=0.25, iou=0.2)


def test_evidence_in_several_places_and_passages() -> None:
    # Found: 10-20 whole, 90-100 of 90-120: 20 of 40. Retrieved: 30 + 10 = 40. Union: 40 + 20 not found = 60.
    scores = span_scores(spans((0, 30), (90, 100)), spans((10, 20), (90, 120)))
    assert scores == SpanScores(recall=0.5, precision=0.5, iou=20 / 60)


def test_what_is_retrieved_twice_counts_twice_as_retrieved_and_once_as_found() -> None:
    # Overlapping passages 0-20 and 10-30: 40 retrieved, the evidence 10-20 found once. Union: 40.
    assert span_scores(spans((0, 20), (10, 30)), spans((10, 20))) == SpanScores(1.0, 0.25, 0.25)


def test_the_same_place_in_another_document_is_not_the_evidence() -> None:
    assert span_scores(spans((0, 10), doc="b"), spans((0, 10))) == SpanScores(0.0, 0.0, 0.0)


def test_nothing_retrieved_is_nothing_found() -> None:
    assert span_scores([], spans((0, 10))) == SpanScores(0.0, 0.0, 0.0)


def test_omega_takes_the_passages_that_hold_evidence_and_no_other() -> None:
    # 10-20 lies in 0-15 and 15-30 and not in 30-50: 10 of the 30 characters of the first two.
    assert precision_omega(spans((0, 15), (15, 30), (30, 50)), spans((10, 20))) == pytest.approx(1 / 3)


def test_omega_counts_evidence_that_no_passage_holds() -> None:
    # Of 10-20 the passage 0-15 holds 5; the union of both is 0-20.
    assert precision_omega(spans((0, 15)), spans((10, 20))) == 0.25


def test_omega_counts_what_passages_share_once() -> None:
    # 0-20 and 10-30 together are 30 characters, 10 of them evidence.
    assert precision_omega(spans((0, 20), (10, 30)), spans((10, 20))) == pytest.approx(1 / 3)
