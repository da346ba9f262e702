"""The second stage of a sync: passages without a vector get one, slice by slice, and Chroma gets what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.database import Database
from rag.encoder import Encoder
from rag.vectors import VectorRecord, VectorStore

SLICE = 64
"""Passages embedded between two commits: what a killed run loses at most, one or two seconds on two cores."""

OpenVectors = Callable[[], VectorStore]


def embed(
    database: Database, encoder: Encoder, vectors: OpenVectors, hashes: Sequence[str], on_done: Callable[[int], None]
) -> None:
    """Embeds the texts that the hashes name. `on_done` gets the number of those stored, after each slice."""
    for start in range(0, len(hashes), SLICE):
        keys = hashes[start : start + SLICE]
        embedded = encoder.documents(database.embedded_texts(keys))
        with database.transaction():
            database.add_embeddings(dict(zip(keys, embedded, strict=True)))
        replay(database, vectors)
        on_done(start + len(keys))


def replay(database: Database, vectors: OpenVectors) -> None:
    """Brings Chroma up to the database: deletes what is gone, adds what is embedded, then clears the marks.

    Run again after a kill at any point it does what is left.
    """
    if not database.waiting(1) and not database.dead_vectors():
        return
    store = vectors()
    connection = database.connection
    dead = [row[0] for row in connection.execute("SELECT id FROM dead_vectors")]
    waiting = connection.execute(
        "SELECT passages.id, vector, file_id, page FROM passages JOIN embeddings ON hash = embedding"
        " WHERE vector_state = 1"
    ).fetchall()
    store.delete(dead)
    store.upsert([VectorRecord.stored(*row) for row in waiting])
    with database.transaction():
        connection.executemany("DELETE FROM dead_vectors WHERE id = ?", [[key] for key in dead])
        connection.executemany("UPDATE passages SET vector_state = 2 WHERE id = ?", [[row[0]] for row in waiting])
        database.set_meta("generation", str(database.generation + 1))
