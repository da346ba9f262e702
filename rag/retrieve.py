"""A query into passages: dense and BM25, fused by score."""

from __future__ import annotations

from dataclasses import replace

from rag.database import Database
from rag.encoder import Encoder
from rag.lexical import bm25
from rag.passage import Passage
from rag.vectors import VectorStore

CANDIDATES = 100
"""From each side, before fusion."""

BM25_WEIGHT = 0.5
"""score = cosine + 0.5 * BM25 / max BM25. Fused by score, because fusion by rank loses where one side is weak."""


def retrieve(query: str, k: int, *, database: Database, vectors: VectorStore, encoder: Encoder) -> list[Passage]:
    """The `k` best passages, best first. Equal scores keep the order of the index, so a run can be repeated."""
    vector = encoder.query(query)
    lexical = bm25(database.connection, query, max(CANDIDATES, k))
    dense = vectors.nearest(vector, max(CANDIDATES, k))
    candidates = sorted(lexical.keys() | dense.keys())
    # The exact cosine of every candidate, those that only BM25 found included.
    stored = database.vectors(candidates)
    highest = max(lexical.values(), default=0.0) or 1.0
    scores = {
        key: float(stored[key] @ vector) + BM25_WEIGHT * lexical.get(key, 0.0) / highest
        for key in candidates
        if key in stored
    }
    best = sorted(scores, key=lambda key: (-scores[key], key))[:k]
    passages = database.passages(best)
    return [replace(passages[key], score=scores[key]) for key in best if key in passages]
