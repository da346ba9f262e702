"""Chroma: ids, vectors and filter fields, no text. The only module that knows it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from inference.errors import IndexFormatError
from rag.encoder import Vectors

_COLLECTION = "passages"
_BATCH = 2048
"""Below Chroma's own limit of 5,461 records a call."""
_FILES = 10_000
"""Files named in one query: at 20,000 Chroma's SQLite has too many variables."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class VectorRecord:
    """A passage's vector and the fields that a search may be narrowed by."""

    id: int
    vector: Vectors
    file_id: int
    page: int | None

    @classmethod
    def stored(cls, id: int, blob: bytes, file_id: int, page: int | None) -> VectorRecord:
        """From a row of the database."""
        return cls(id, np.frombuffer(blob, dtype=np.float32), file_id, page)

    @property
    def fields(self) -> dict[str, int]:
        """By the file's id and not its path: a file that is renamed keeps them."""
        return {"file_id": self.file_id} if self.page is None else {"file_id": self.file_id, "page": self.page}


class Nearest(Protocol):
    """What a search asks for the passages nearest to a vector."""

    def nearest(self, vector: Vectors, k: int, files: Sequence[int] | None = None) -> dict[int, float]:
        """Passage id -> cosine of the `k` nearest, best first; `files`: ids of those looked into, None is all."""
        ...


class VectorStore:
    """One collection of unit vectors under the cosine, in a folder of its own, which the first `upsert` makes.

    Two processes in one folder lose data without a word, and one that only reads fails while another writes: who uses
    it holds a lock (rag.store). All methods raise IndexFormatError where the folder is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._client: Any = None
        self._opened: Any = None

    def upsert(self, records: Sequence[VectorRecord]) -> None:
        for part in _parts(records, _BATCH):
            with self._collection() as collection:
                collection.upsert(
                    ids=[str(record.id) for record in part],
                    embeddings=np.stack([record.vector for record in part]),
                    metadatas=[record.fields for record in part],
                )

    def delete(self, ids: Sequence[int]) -> None:
        if not self.count():
            return
        for part in _parts(ids, _BATCH):
            with self._collection() as collection:
                collection.delete(ids=[str(key) for key in part])

    def nearest(self, vector: Vectors, k: int, files: Sequence[int] | None = None) -> dict[int, float]:
        total = self.count()
        if total == 0:
            return {}
        if files is None:
            return self._query(vector, min(k, total), None)
        found: dict[int, float] = {}
        for part in _parts(files, _FILES):
            found |= self._query(vector, min(k, total), {"file_id": {"$in": list(part)}})
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:k])

    def _query(self, vector: Vectors, k: int, where: dict[str, Any] | None) -> dict[int, float]:
        with self._collection() as collection:
            found = collection.query(
                query_embeddings=np.asarray([vector]), n_results=k, where=where, include=["distances"]
            )
        return {int(key): 1.0 - distance for key, distance in zip(found["ids"][0], found["distances"][0], strict=True)}

    def count(self) -> int:
        if not self._folder.exists():
            return 0
        with self._collection() as collection:
            return int(collection.count())

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = self._opened = None

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        try:
            yield self._opened or self._open()
        except Exception as error:  # Chroma's Rust part raises whatever a damaged folder leads it to
            raise IndexFormatError(
                f"the vectors in {self._folder} cannot be used: {error}",
                next_step=f"delete {self._folder}: the vectors are made again from the index",
            ) from error

    def _open(self) -> Any:
        import chromadb
        from chromadb.config import Settings

        logging.getLogger("chromadb").setLevel(logging.ERROR)
        self._client = chromadb.PersistentClient(str(self._folder), settings=Settings(anonymized_telemetry=False))
        self._opened = self._client.get_or_create_collection(
            _COLLECTION,
            embedding_function=None,  # the default one downloads a model
            configuration={"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 256}},
        )
        return self._opened


def _parts(values: Sequence[_Value], size: int) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
