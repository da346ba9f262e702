"""Retrieval: which of the places that hold the answer stand how high among the passages.

A `Ranking` is what all the metrics read. Pages and documents count once, at their first passage, so that
"the first k" means k distinct pages or documents; spans are looked for passage by passage.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from eval.question import Evidence, Level, Question
from eval.scored import PassageLike

MAX_PASSAGES = 40
"""Passages beyond this rank are not looked at, however many a retriever returns."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """`found[i]` are the gold places first met at rank i + 1, by number; `gold` is how many there are."""

    found: tuple[frozenset[int], ...]
    gold: int


def rank(question: Question, passages: Sequence[PassageLike], level: Level | None = None) -> Ranking | None:
    """Judge passages (best first) against the question's evidence; None where it names no place.

    `level` says what a place is; without it, the finest that the evidence allows. A span is found by a
    passage that shares at least half of the shorter of the two. Where any one place is enough
    (`evidence_mode`), all of them are one place.
    """
    level = level or question.level
    gold = _gold(question, level)
    if not gold:
        return None
    number = dict.fromkeys(gold, 0) if question.evidence_mode == "any" else {g: i for i, g in enumerate(gold)}
    found: list[frozenset[int]] = []
    seen_places: set[Hashable] = set()
    seen_gold: set[int] = set()
    for passage in passages[:MAX_PASSAGES]:
        place = _place(passage, level)
        if place in seen_places:
            continue
        seen_places.add(place)
        new = frozenset(number[g] for g in gold if _holds(passage, place, g)) - seen_gold
        seen_gold |= new
        found.append(new)
    return Ranking(tuple(found), len(set(number.values())))


def _gold(question: Question, level: Level) -> tuple[Hashable, ...]:
    if level == "page":
        return question.gold_pages
    if level == "span":
        return tuple(dict.fromkeys(question.evidence))
    return question.gold_docs


def _place(passage: PassageLike, level: Level) -> Hashable:
    if level == "page":
        return passage.file, passage.page
    return (passage.file, passage.start, passage.end) if level == "span" else passage.file


def _holds(passage: PassageLike, place: Hashable, gold: Hashable) -> bool:
    if not isinstance(gold, Evidence):
        return place == gold
    if gold.doc != passage.file or gold.start is None or gold.end is None:
        return False
    shared = min(gold.end, passage.end) - max(gold.start, passage.start)
    return shared > 0 and 2 * shared >= min(gold.end - gold.start, passage.end - passage.start)


def recall_at_k(ranking: Ranking, k: int) -> float:
    """Share of the gold places among the first k ranks (Manning, Raghavan & Schütze 2008, ch. 8)."""
    return len(frozenset[int]().union(*ranking.found[:k])) / ranking.gold


def hit_at_k(ranking: Ranking, k: int) -> float:
    """1 where any gold place is among the first k ranks, else 0 (also called success at k)."""
    return float(any(ranking.found[:k]))


def mrr(ranking: Ranking) -> float:
    """1 / rank of the first gold place, 0 where there is none (Voorhees 1999, TREC-8 QA track)."""
    return next((1 / position for position, new in enumerate(ranking.found, 1) if new), 0.0)


def ndcg_at_k(ranking: Ranking, k: int) -> float:
    """Normalised discounted cumulative gain (Järvelin & Kekäläinen 2002), as trec_eval's ndcg_cut:
    gain 1, discount 1 / log2(1 + rank), over the gain of the best order, which is cut at k as well.

    A passage that holds several gold spans stands for that many ranks in a row.
    """
    gains = [gain for new in ranking.found for gain in ([1] * len(new) or [0])]
    return _dcg(gains[:k]) / _dcg([1] * min(ranking.gold, k))


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(1 + position) for position, gain in enumerate(gains, 1))
