"""Selective answering: how wrong a system is if it answers only the questions that it is surest of.

The risk-coverage curve and its area are those of Geifman and El-Yaniv (2017, arXiv 1705.08500): lower is better.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from eval.interval import LEVEL, Estimate

_RESAMPLES = 2000
_SEED = 20240101

Floats = NDArray[np.float64]


def risks(confidence: Sequence[float], wrong: Sequence[float]) -> Floats:
    """At each coverage 1/n, 2/n … 1 the share of wrong answers among the surest; an answer to a question that has
    none is wrong too. Of answers with equal confidence, any may come first: each counts with their mean."""
    sure, errors = np.asarray(confidence, float), np.asarray(wrong, float)
    order = np.argsort(-sure, kind="stable")
    _, group = np.unique(-sure[order], return_inverse=True)
    errors = (np.bincount(group, errors[order]) / np.bincount(group))[group]
    return np.asarray(np.cumsum(errors) / np.arange(1, len(errors) + 1))


def aurc(confidence: Sequence[float], wrong: Sequence[float]) -> float:
    """The mean of the risks over all coverages, 0 to 1."""
    return float(risks(confidence, wrong).mean())


def aurc_difference(
    ours: tuple[Sequence[float], Sequence[float]],
    theirs: tuple[Sequence[float], Sequence[float]],
    clusters: Sequence[Hashable],
) -> Estimate:
    """AURC of ours less theirs over the same questions, each (confidence, wrong), with a paired percentile bootstrap
    that draws whole clusters. `low` and `high` are None where there is one cluster only."""
    mine, other = np.asarray(ours, float), np.asarray(theirs, float)
    members: dict[Hashable, list[int]] = {}
    for index, cluster in enumerate(clusters):
        members.setdefault(cluster, []).append(index)
    groups = [np.asarray(indices) for indices in members.values()]
    middle = aurc(*mine) - aurc(*other)
    if len(groups) < 2:
        return Estimate(middle, None, None, len(clusters))
    random = np.random.default_rng(_SEED)
    differences = []
    for _ in range(_RESAMPLES):
        drawn = np.concatenate([groups[index] for index in random.integers(len(groups), size=len(groups))])
        differences.append(aurc(*mine[:, drawn]) - aurc(*other[:, drawn]))
    low, high = np.quantile(differences, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(middle, float(low), float(high), len(clusters))


def roc_area(score: Sequence[float], positive: Sequence[bool]) -> float | None:
    """The chance that a positive scores above a negative, ties half (Mann and Whitney 1947); None without both."""
    from scipy.stats import rankdata

    yes = np.asarray(positive, bool)
    n, m = int(yes.sum()), int((~yes).sum())
    if not n or not m:
        return None
    return float((rankdata(score)[yes].sum() - n * (n + 1) / 2) / (n * m))
