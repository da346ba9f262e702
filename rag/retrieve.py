"""A query into passages: dense, BM25 and the files that it names, fused by score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from rag.database import Database
from rag.encoder import Encoder
from rag.filter import Filter
from rag.late import late_scores
from rag.lexical import bm25, content_words, files_holding
from rag.passage import Passage
from rag.rerank import Reranker
from rag.route import FileNames, Route
from rag.same import folded
from rag.vectors import Nearest

CANDIDATES = 200
"""From each side, before fusion: what a name or the words lift stands low among the nearest."""

ROUTED_FILES = 20
ROUTED_SHARE = 0.5
"""Candidates also come from up to 20 files that the question names, each at least half as surely as the best."""

RERANKED = 30
LATE = 20
"""Passages whose tokens are looked at: forty gave lihua_world and FinanceBench no better order, at twice the cost."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """own = dense * cosine + bm25 * BM25 / highest BM25, mixed with the mean of the two neighbours' own by the share
    `neighbours`, and route * (rarity, in nats, of the words that name the file) on top.

    By score, because fusion by rank loses where one side is weak. `spend_names`: BM25 does without the words that
    name a file, since within it they tell no passage from another. The best are then put in order with late * what
    late interaction gives (rag/late). The weights were chosen on SciFact train and lihua_world; docs/retrieval.md has
    what each part earns.
    """

    dense: float = 1.0
    bm25: float = 0.4
    route: float = 0.1
    neighbours: float = 0.3
    late: float = 0.75
    spend_names: bool = True


FUSION = Fusion()


def retrieve(
    query: str,
    k: int,
    *,
    database: Database,
    vectors: Nearest,
    encoder: Encoder,
    where: Filter | None = None,
    reranker: Reranker | None = None,
    fusion: Fusion = FUSION,
) -> list[Passage]:
    """The `k` best passages, best first, copies left out; equal scores keep the order of the index.

    Passages that are not embedded yet compete by words and file name, at the average cosine. A second look orders the
    first ones: by their tokens, or with a `reranker` the first 30 by that.
    """
    files = None if where is None else database.file_ids(where)
    scores = _fused(query, _Sources(database, vectors, encoder, files, max(CANDIDATES, k)), fusion)
    best = sorted(scores, key=lambda key: (-scores[key], key))
    ranked = folded(_loaded(database, best, scores, 2 * max(k, RERANKED)))
    if reranker is not None:
        ranked = reranked(query, ranked, reranker)
    elif fusion.late:
        ranked = by_tokens(query, ranked, encoder, fusion.late)
    return list(islice(ranked, k))


def _loaded(database: Database, best: Sequence[int], scores: Mapping[int, float], at_once: int) -> Iterator[Passage]:
    """The passages with their scores; more than the first are read only where copies take the places of others."""
    for begin in range(0, len(best), at_once):
        keys = best[begin : begin + at_once]
        found = database.passages(keys)
        yield from (replace(found[key], score=scores[key]) for key in keys if key in found)


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the candidates come from; `files`: ids of those that may be looked into, None is all."""

    database: Database
    vectors: Nearest
    encoder: Encoder
    files: Sequence[int] | None
    size: int

    def owners(self, passages: Iterable[int]) -> dict[int, int]:
        """Passage id -> file id, of those that lie in the files looked into."""
        owners = self.database.owners(sorted(passages))
        if self.files is None:
            return owners
        allowed = set(self.files)
        return {key: file for key, file in owners.items() if file in allowed}

    def by_words(self, words: str, named: Sequence[int]) -> dict[int, float]:
        """Passage id -> BM25, from all files and from the named ones."""
        found = bm25(self.database.connection, words, self.size, self.files)
        return found | bm25(self.database.connection, words, self.size, named) if named else found

    def by_meaning(self, query: str, named: Sequence[int], others: Iterable[int]) -> dict[int, float]:
        """Passage id -> cosine: the nearest of all and of the named files, `others`, and what stands beside each."""
        if self.database.waiting(0) == self.database.count():
            return {}  # there is no vector yet
        vector = self.encoder.query(query)
        near = set(self.vectors.nearest(vector, self.size, self.files)).union(others)
        if named:
            near.update(self.vectors.nearest(vector, self.size, named))
        # Ids run on within a file, so the passages before and after are the next numbers.
        near.update([key + step for key in near for step in (-1, 1)])
        return {key: float(one @ vector) for key, one in self.database.vectors(sorted(near)).items()}


def _fused(query: str, sources: _Sources, fusion: Fusion) -> dict[int, float]:
    """Passage id -> fused score of every candidate, each read with its neighbours."""
    connection = sources.database.connection
    names = FileNames(sources.database.paths(), lambda word: files_holding(connection, word))
    route = names.route(query)
    named = _named(route, sources.files)
    rest = names.without_names(query) if fusion.spend_names else query
    lexical = sources.by_words(rest if content_words(rest) else query, named)
    cosines = sources.by_meaning(query, named, lexical)
    unknown = sum(cosines.values()) / len(cosines) if cosines else 0.0
    highest = max(lexical.values(), default=0.0) or 1.0
    files = sources.owners(cosines.keys() | lexical.keys())
    own = {
        key: fusion.dense * cosines.get(key, unknown) + fusion.bm25 * lexical.get(key, 0.0) / highest for key in files
    }

    def beside(key: int, other: int) -> float:
        return own[other] if files.get(other) == files[key] else own[key]

    around = {key: (beside(key, key - 1) + beside(key, key + 1)) / 2 for key in files}
    share = fusion.neighbours
    return {
        key: (1 - share) * own[key] + share * around[key] + fusion.route * route.get(file, 0.0)
        for key, file in files.items()
    }


def _named(route: Route, files: Sequence[int] | None) -> list[int]:
    """The files that the question names best, of those that may be looked into."""
    allowed = route.keys() if files is None else route.keys() & set(files)
    least = ROUTED_SHARE * max((route[key] for key in allowed), default=0.0)
    named = (key for key in allowed if route[key] >= least)
    return sorted(named, key=lambda key: (-route[key], key))[:ROUTED_FILES]


def reranked(query: str, passages: Iterable[Passage], reranker: Reranker) -> Iterator[Passage]:
    """The first 30 in the reranker's order and with its scores, then the rest, each with the lowest of these less one:
    their own are of another kind."""
    rest = iter(passages)
    head = list(islice(rest, RERANKED))
    scores = [float(score) for score in reranker.scores(query, [_read(passage) for passage in head])]
    yield from _in_order(head, scores)
    below = min(scores, default=0.0) - 1
    yield from (replace(passage, score=below) for passage in rest)


def by_tokens(query: str, passages: Iterable[Passage], encoder: Encoder, weight: float) -> Iterator[Passage]:
    """The first 20 ordered by their scores and weight * late interaction, then the rest with what the last of the 20
    gained; all as they are where the encoder has no vectors of tokens."""
    rest = iter(passages)
    head = list(islice(rest, LATE))
    late = late_scores(query, [_read(passage) for passage in head], encoder)
    if not late:
        yield from chain(head, rest)
        return
    scores = [_score(passage) + weight * more for passage, more in zip(head, late, strict=True)]
    yield from _in_order(head, scores)
    gained = min(scores) - _score(head[-1])
    yield from (replace(passage, score=_score(passage) + gained) for passage in rest)


def _in_order(passages: Sequence[Passage], scores: Sequence[float]) -> list[Passage]:
    scored = [replace(passage, score=score) for passage, score in zip(passages, scores, strict=True)]
    return sorted(scored, key=lambda passage: -_score(passage))


def _score(passage: Passage) -> float:
    return passage.score or 0.0


def _read(passage: Passage) -> str:
    """What a second look reads of a passage."""
    return "\n".join(part for part in (passage.heading, passage.columns, passage.text) if part)
