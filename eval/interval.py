"""A mean never stands alone: how sure it is, from how many questions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

LEVEL = 0.95
_RESAMPLES = 2000
_SEED = 20240101


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` questions and its 95 % interval; `low` and `high` are None where there is one cluster
    only or all clusters have the same mean: how others would scatter cannot be told from them."""

    mean: float
    low: float | None
    high: float | None
    n: int


def rate(values: Sequence[float]) -> Estimate | None:
    """A share of yes among values of 0 and 1, with Wilson's interval (Wilson 1927), which stays honest at
    0 and at 1. It takes questions as independent. None without values."""
    if not values:
        return None
    low, high = _wilson(round(sum(values)), len(values))
    return Estimate(sum(values) / len(values), low, high, len(values))


def mean(values: Sequence[float], clusters: Sequence[Hashable]) -> Estimate | None:
    """A mean with a percentile bootstrap that draws whole clusters (Miller 2024, arXiv 2411.00640:
    questions about one document are not independent). None without values.

    Where all values are 0 or all are 1, the bootstrap would claim certainty: there it is Wilson's
    interval over the number of clusters.
    """
    if not values:
        return None
    sums: defaultdict[Hashable, float] = defaultdict(float)
    counts: defaultdict[Hashable, int] = defaultdict(int)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value
        counts[cluster] += 1
    middle = sum(values) / len(values)
    low, high = _between(list(sums.values()), list(counts.values()), middle)
    return Estimate(middle, low, high, len(values))


def _between(sums: list[float], counts: list[int], middle: float) -> tuple[float | None, float | None]:
    if middle in (0.0, 1.0) and all(total == middle * n for total, n in zip(sums, counts, strict=True)):
        return _wilson(round(middle) * len(sums), len(sums))
    alike = all(math.isclose(total / n, middle) for total, n in zip(sums, counts, strict=True))
    return (None, None) if alike else _bootstrap(sums, counts)


def _wilson(successes: int, n: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(successes, n).proportion_ci(LEVEL, method="wilson")
    return float(interval.low), float(interval.high)


def _bootstrap(sums: list[float], counts: list[int]) -> tuple[float, float]:
    import numpy as np
    from scipy.stats import bootstrap

    result = bootstrap(
        (np.array(sums), np.array(counts)),
        lambda s, n, axis: s.sum(axis=axis) / n.sum(axis=axis),
        paired=True,
        n_resamples=_RESAMPLES,
        batch=100,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
