from __future__ import annotations

import pytest

from eval.interval import mean, rate


def test_wilson_s_interval_of_a_rate() -> None:
    estimate = rate([1.0] * 8 + [0.0] * 2)
    assert estimate is not None
    # p = .8, n = 10, z = 1.96: centre (p + z²/2n) / (1 + z²/n) = .71674, half width .22672.
    assert (estimate.mean, estimate.n) == (0.8, 10)
    assert estimate.low == pytest.approx(0.4902, abs=1e-3)
    assert estimate.high == pytest.approx(0.9433, abs=1e-3)


def test_a_rate_of_one_is_not_certain() -> None:
    estimate = rate([1.0] * 10)
    assert estimate is not None
    # n / (n + z²) = 10 / 13.84
    assert estimate.low == pytest.approx(0.7225, abs=1e-3)


def test_no_value_has_no_mean() -> None:
    assert rate([]) is None
    assert mean([], []) is None


def test_questions_about_one_document_widen_the_interval() -> None:
    values = [0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 0.5]
    alone = mean(values, range(12))
    together = mean(values, [0] * 4 + [1] * 4 + [2] * 4)
    assert alone is not None
    assert together is not None
    assert alone.mean == together.mean == pytest.approx(0.5)
    assert alone.low is not None
    assert alone.high is not None
    assert together.low is not None
    assert together.high is not None
    assert together.low < alone.low < 0.5 < alone.high < together.high


def test_the_same_values_have_the_same_interval_every_time() -> None:
    values, clusters = [0.1, 0.7, 0.4, 0.9], ["a", "a", "b", "c"]
    assert mean(values, clusters) == mean(values, clusters)


def test_one_document_says_nothing_about_others() -> None:
    estimate = mean([0.2, 0.8], ["a", "a"])
    assert estimate is not None
    assert (estimate.mean, estimate.low, estimate.high, estimate.n) == (0.5, None, None, 2)


@pytest.mark.parametrize("values", [[0.5] * 4, [0.1] * 4, [0.0, 1.0, 1.0, 0.0]])
def test_documents_that_agree_say_nothing_about_how_others_scatter(values: list[float]) -> None:
    estimate = mean(values, ["a", "a", "b", "b"])
    assert estimate is not None
    assert (estimate.low, estimate.high, estimate.n) == (None, None, 4)


def test_a_perfect_mean_is_not_certain_and_counts_documents() -> None:
    estimate = mean([1.0] * 20, [0, 1] * 10)
    assert estimate is not None
    # Wilson over two clusters: 2 / (2 + 3.84).
    assert estimate.low == pytest.approx(0.3424, abs=1e-3)
    assert estimate.high == pytest.approx(1)
