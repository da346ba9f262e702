"""A query into passages: dense, BM25 and the files that it names, fused by score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rag.database import Database
from rag.encoder import Encoder
from rag.filter import Filter
from rag.lexical import bm25, content_words
from rag.passage import Passage
from rag.rerank import Reranker
from rag.route import FileNames, Route
from rag.same import folded
from rag.vectors import Nearest

CANDIDATES = 100
"""From each side, before fusion."""

ROUTED_FILES = 20
RERANKED = 30


@dataclass(frozen=True, slots=True)
class Fusion:
    """score = dense * cosine + bm25 * BM25 / highest BM25 + route * (rarity, in nats, of the words that name the file).

    By score, because fusion by rank loses where one side is weak. `spend_names`: BM25 does without the words that
    name a file, since within it they tell no passage from another. The weights were chosen on SciFact train and
    lihua_world; docs/retrieval.md has what each part earns.
    """

    dense: float = 1.0
    bm25: float = 0.4
    route: float = 0.1
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

    Passages that are not embedded yet compete by words and file name, at the average cosine. With a `reranker` the
    first 30 are put in its order, and `score` is its score.
    """
    files = None if where is None else database.file_ids(where)
    scores = _fused(query, _Sources(database, vectors, encoder, files, max(CANDIDATES, k)), fusion)
    best = sorted(scores, key=lambda key: (-scores[key], key))
    found = database.passages(best[: 2 * max(k, RERANKED)])
    ranked = [replace(found[key], score=scores[key]) for key in best if key in found]
    if reranker is not None:
        ranked = reranked(query, ranked, reranker)
    return folded(ranked)[:k]


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the candidates come from; `files`: ids of those that may be looked into, None is all."""

    database: Database
    vectors: Nearest
    encoder: Encoder
    files: Sequence[int] | None
    size: int

    def by_words(self, words: str, named: Sequence[int]) -> dict[int, float]:
        """Passage id -> BM25, from all files and from the named ones."""
        found = bm25(self.database.connection, words, self.size, self.files)
        return found | bm25(self.database.connection, words, self.size, named) if named else found

    def by_meaning(self, query: str, named: Sequence[int], others: Iterable[int]) -> dict[int, float]:
        """Passage id -> cosine, of the nearest of all files and of the named ones, and of `others`."""
        if self.database.waiting(0) == self.database.count():
            return {}  # there is no vector yet, and no need to load the encoder
        vector = self.encoder.query(query)
        near = set(self.vectors.nearest(vector, self.size, self.files)).union(others)
        if named:
            near.update(self.vectors.nearest(vector, self.size, named))
        return {key: float(one @ vector) for key, one in self.database.vectors(sorted(near)).items()}


def _fused(query: str, sources: _Sources, fusion: Fusion) -> dict[int, float]:
    """Passage id -> fused score of every candidate."""
    names = FileNames(sources.database.paths())
    route = names.route(query)
    named = _named(route, sources.files)
    rest = names.without_names(query) if fusion.spend_names else query
    lexical = sources.by_words(rest if content_words(rest) else query, named)
    cosines = sources.by_meaning(query, named, lexical)
    unknown = sum(cosines.values()) / len(cosines) if cosines else 0.0
    highest = max(lexical.values(), default=0.0) or 1.0
    return {
        key: fusion.dense * cosines.get(key, unknown)
        + fusion.bm25 * lexical.get(key, 0.0) / highest
        + fusion.route * route.get(file, 0.0)
        for key, file in sources.database.owners(sorted(lexical.keys() | cosines.keys())).items()
    }


def _named(route: Route, files: Sequence[int] | None) -> list[int]:
    """The files that the question names best, of those that may be looked into."""
    allowed = route.keys() if files is None else route.keys() & set(files)
    return sorted(allowed, key=lambda key: (-route[key], key))[:ROUTED_FILES]


def reranked(query: str, passages: Sequence[Passage], reranker: Reranker) -> list[Passage]:
    """The first of them in the reranker's order; the rest is left out, since its scores are of another kind."""
    head = passages[:RERANKED]
    scores = reranker.scores(query, [f"{passage.heading}\n{passage.text}".strip() for passage in head])
    scored = [replace(passage, score=float(score)) for passage, score in zip(head, scores, strict=True)]
    return sorted(scored, key=lambda passage: -(passage.score or 0.0))
