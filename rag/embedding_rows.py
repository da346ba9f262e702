"""The embeddings of an index as its SQLite database holds them: by the hash of the text that was embedded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

from rag.encoder import Vectors
from rag.passage_rows import PassageRows


class EmbeddingRows(PassageRows):
    """A passage's vector is missing (state 0), made (1), or also in Chroma (2)."""

    def adopt_embeddings(self) -> None:
        """Passages whose text was embedded before have its vector."""
        self._connection.execute(
            "UPDATE passages SET vector_state = 1"
            " WHERE vector_state = 0 AND EXISTS (SELECT 1 FROM embeddings WHERE hash = embedding)"
        )

    def unembedded(self) -> list[str]:
        """The hashes of the texts whose vectors are missing, each once, in the order of passages."""
        rows = self._connection.execute("SELECT embedding FROM passages WHERE vector_state = 0 ORDER BY id")
        return list(dict.fromkeys(row[0] for row in rows))

    def embedded_texts(self, hashes: Sequence[str]) -> list[str]:
        """What the encoder reads for each hash; a passage must have it."""
        query = "SELECT header, columns, text FROM passages WHERE embedding = ? AND vector_state = 0"
        return [embedded(*self._connection.execute(query, [key]).fetchone()) for key in hashes]

    def add_embeddings(self, vectors: Mapping[str, Vectors]) -> None:
        """Their passages then wait for Chroma."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO embeddings VALUES (?, ?)",
            [[key, vector.tobytes()] for key, vector in vectors.items()],
        )
        self._connection.executemany(
            "UPDATE passages SET vector_state = 1 WHERE embedding = ? AND vector_state = 0", [[key] for key in vectors]
        )

    def drop_unused_embeddings(self) -> None:
        self._connection.execute("DELETE FROM embeddings WHERE hash NOT IN (SELECT embedding FROM passages)")

    def vectors(self, ids: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors of passages; those that are not embedded yet are left out."""
        rows = self._connection.execute(
            "SELECT passages.id, vector FROM passages JOIN embeddings ON hash = embedding"
            " WHERE passages.id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        )
        return {key: np.frombuffer(blob, dtype=np.float32) for key, blob in rows}

    def nearest(self, vector: Vectors, k: int, files: Sequence[int] | None = None) -> dict[int, float]:
        """Passage id -> cosine of the `k` nearest, best first, exact: every vector is read (0.2 s for 11,000)."""
        rows = self._connection.execute(
            "SELECT passages.id, vector FROM passages JOIN embeddings ON hash = embedding"
            " WHERE ?1 IS NULL OR file_id IN (SELECT value FROM json_each(?1)) ORDER BY passages.id",
            [None if files is None else json.dumps(list(files))],
        ).fetchall()
        if not rows:
            return {}
        cosines = np.frombuffer(b"".join(blob for _, blob in rows), dtype=np.float32).reshape(len(rows), -1) @ vector
        best = np.argsort(-cosines, kind="stable")[:k]
        return {rows[place][0]: float(cosines[place]) for place in best}

    def waiting(self, state: int) -> int:
        """Passages that are not embedded yet (0), or embedded and not in Chroma (1)."""
        return self._number("SELECT count(*) FROM passages WHERE vector_state = ?", state)

    def dead_vectors(self) -> int:
        """Vectors that Chroma holds of passages that are gone."""
        return self._number("SELECT count(*) FROM dead_vectors")

    def forget_vectors(self) -> None:
        """Every passage's vector is to be given to Chroma again."""
        with self.transaction():
            self._connection.execute("UPDATE passages SET vector_state = 1 WHERE vector_state = 2")


def embedded(header: str, columns: str, text: str) -> str:
    """What the encoder reads of a passage."""
    return "\n".join(part for part in (header, columns, text) if part)


def hashed(digest: str, text: str) -> str:
    """Names the vector of a text under an encoder."""
    return hashlib.sha256(f"{digest}\0{text}".encode()).hexdigest()
