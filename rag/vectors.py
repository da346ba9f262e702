"""Chroma: ids, vectors and filter fields, no text. The only module that knows it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.errors import IndexFormatError
from rag.encoder import Vectors

_COLLECTION = "passages"
_BATCH = 2048
"""Below Chroma's own limit of 5,461 records a call."""


@dataclass(frozen=True, slots=True)
class VectorRecord:
    """A passage's vector and the fields that a search may be narrowed by."""

    id: int
    vector: Vectors
    file: str
    page: int | None

    @classmethod
    def stored(cls, id: int, blob: bytes, file: str, page: int | None) -> VectorRecord:
        """From a row of the database."""
        return cls(id, np.frombuffer(blob, dtype=np.float32), file, page)


class VectorStore:
    """One collection of unit vectors under the cosine, in a folder of its own.

    Two processes on one folder lose data without a word, so whoever writes holds the index's lock.
    """

    def __init__(self, folder: Path) -> None:
        logging.getLogger("chromadb").setLevel(logging.ERROR)
        try:
            self._open(folder)
        except Exception as error:  # Chroma's Rust part raises whatever a damaged folder leads it to
            raise IndexFormatError(
                f"the vectors in {folder} cannot be opened: {error}",
                next_step=f"delete {folder}: the vectors are made again from the index",
            ) from error

    def _open(self, folder: Path) -> None:
        import chromadb
        from chromadb.config import Settings

        self._client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        self._collection = self._client.get_or_create_collection(
            _COLLECTION,
            embedding_function=None,  # the default one downloads a model
            configuration={"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 256}},
        )

    def upsert(self, records: Sequence[VectorRecord]) -> None:
        for start in range(0, len(records), _BATCH):
            part = records[start : start + _BATCH]
            self._collection.upsert(
                ids=[str(record.id) for record in part],
                embeddings=np.stack([record.vector for record in part]),
                metadatas=[
                    {"file": record.file} if record.page is None else {"file": record.file, "page": record.page}
                    for record in part
                ],
            )

    def delete(self, ids: Sequence[int]) -> None:
        for start in range(0, len(ids), _BATCH):
            self._collection.delete(ids=[str(key) for key in ids[start : start + _BATCH]])

    def nearest(self, vector: Vectors, k: int) -> dict[int, float]:
        """Passage id -> cosine of the `k` nearest, best first."""
        total = self._collection.count()
        if total == 0:
            return {}
        found = self._collection.query(
            query_embeddings=np.asarray([vector]), n_results=min(k, total), include=["distances"]
        )
        distances = found["distances"] or [[]]
        return {int(key): 1.0 - distance for key, distance in zip(found["ids"][0], distances[0], strict=True)}

    def count(self) -> int:
        return int(self._collection.count())

    def close(self) -> None:
        self._client.close()  # type: ignore[attr-defined]  # there since 1.3, missing in the declared type
