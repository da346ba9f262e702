from __future__ import annotations

import pytest

from eval.risk_coverage import aurc, aurc_difference, risks, roc_area


def test_risks_are_the_share_of_wrong_answers_among_the_surest() -> None:
    # Surest first: right, wrong, right: 0/1, 1/2, 1/3.
    assert risks([0.2, 0.9, 0.5], [0, 0, 1]) == pytest.approx([0, 1 / 2, 1 / 3])


def test_equal_confidence_counts_with_the_mean_of_its_answers() -> None:
    assert risks([0.5, 0.5], [1, 0]) == pytest.approx([0.5, 0.5])
    assert risks([0.5, 0.5], [0, 1]) == pytest.approx([0.5, 0.5])


def test_the_area_is_the_mean_risk() -> None:
    assert aurc([0.9, 0.5, 0.2], [0, 1, 0]) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_a_better_order_has_the_smaller_area() -> None:
    wrong = [0, 0, 1, 1]
    assert aurc([4, 3, 2, 1], wrong) < aurc([1, 2, 3, 4], wrong)


def test_the_difference_is_paired_over_clusters() -> None:
    wrong = [0.0, 1.0] * 20
    good, bad = [1.0 - value for value in wrong], wrong
    estimate = aurc_difference((good, wrong), (bad, wrong), [index // 2 for index in range(40)])
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low <= estimate.mean <= estimate.high < 0
    same = aurc_difference((good, wrong), (good, wrong), list(range(40)))
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_one_cluster_tells_nothing_of_others() -> None:
    assert aurc_difference(([1.0], [0.0]), ([1.0], [1.0]), ["one"]).low is None


def test_the_area_under_the_roc_counts_ties_half() -> None:
    # Pairs: (3 > 2), (3 > 1), (2 = 2), (2 > 1).
    assert roc_area([3, 2, 2, 1], [True, True, False, False]) == pytest.approx(3.5 / 4)
    assert roc_area([1, 2], [True, True]) is None
