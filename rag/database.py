"""The SQLite database of an index: files, their text, passages and embeddings."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.errors import IndexFormatError
from rag.document import Document, Outcome
from rag.encoder import Vectors
from rag.passage import Passage
from rag.schema import SCHEMA_VERSION, TABLES
from rag.split import Piece

OPEN_ATTEMPTS = 200

_PASSAGE = """SELECT passages.id, files.path, passages.page, passages.heading, passages.start, passages."end",
    passages.text FROM passages JOIN files ON files.id = passages.file_id"""


@dataclass(frozen=True, slots=True)
class FileRow:
    """What is known of a file since it was last read."""

    path: str
    size: int
    mtime_ns: int
    content_hash: str
    stages: str
    outcome: Outcome
    reason: str | None


class Database:
    """Opens or makes the database. Raises IndexFormatError for another schema or a damaged file.

    One process writes at a time (rag.index holds the lock); each `with database.transaction()` is one
    commit, so that a killed run leaves the index as it was after the last one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=60.0)
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise IndexFormatError(
                f"the index {path} cannot be opened: {error}",
                next_step=f"free the disk if it is full, see who may write there, or delete {path}",
            ) from error

    def _prepare(self) -> None:
        try:
            self._write_ahead()
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._make_tables()
        except BaseException:
            self._connection.close()
            raise

    def _write_ahead(self) -> None:
        """Several may open a new database at once, and this switch alone does not wait for a lock."""
        for attempt in range(OPEN_ATTEMPTS):
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError:
                if attempt == OPEN_ATTEMPTS - 1:
                    raise
                time.sleep(0.05)

    def _make_tables(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            # Another process may be making them at this moment: the lock first, and none is made twice.
            self._connection.executescript(f"BEGIN IMMEDIATE;{TABLES}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
        elif version != SCHEMA_VERSION:
            raise IndexFormatError(
                f"the index {self._path} has schema {version}, this version reads {SCHEMA_VERSION}",
                next_step=f"delete {self._path} and run `speedking index` again, or install the other version",
            )

    @property
    def connection(self) -> sqlite3.Connection:
        """For the modules of this package that only read."""
        return self._connection

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One commit; the generation number moves with it, so that open readers notice."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.set_meta("generation", str(self.generation + 1))
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has already rolled it back
                self._connection.execute("ROLLBACK")
            raise

    @property
    def generation(self) -> int:
        return int(self.meta("generation") or 0)

    def meta(self, key: str) -> str | None:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value])

    # Files

    def files(self) -> dict[str, FileRow]:
        """By path, in the order of paths."""
        rows = self._connection.execute(
            "SELECT path, size, mtime_ns, content_hash, stages, outcome, reason FROM files ORDER BY path"
        )
        return {row[0]: FileRow(*row) for row in rows}

    def touch(self, path: str, size: int, mtime_ns: int) -> None:
        """The file was written and holds what it held."""
        self._connection.execute("UPDATE files SET size = ?, mtime_ns = ? WHERE path = ?", [size, mtime_ns, path])

    def remove(self, paths: Iterable[str]) -> None:
        self._connection.executemany("DELETE FROM files WHERE path = ?", [[path] for path in paths])

    def replace(self, file: FileRow, document: Document | None, pieces: Sequence[Piece], hashes: Sequence[str]) -> None:
        """Puts a file's new rows in place of its old ones; the embeddings `hashes` must be there."""
        self.remove([file.path])
        values = [
            file.path,
            file.size,
            file.mtime_ns,
            file.content_hash,
            file.stages,
            file.outcome,
            file.reason,
        ]
        file_id = self._connection.execute(
            "INSERT INTO files (path, size, mtime_ns, content_hash, stages, outcome, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        ).lastrowid
        if document is None:
            return
        self._connection.executemany(
            "INSERT INTO pages VALUES (?, ?, ?, ?)",
            [[file_id, page.number, page.start, document.text[page.start : page.end]] for page in document.pages],
        )
        self._connection.executemany(
            'INSERT INTO passages (file_id, page, heading, start, "end", text, header, embedding)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [file_id, piece.page, piece.heading, piece.start, piece.end, piece.text, piece.header, key]
                for piece, key in zip(pieces, hashes, strict=True)
            ],
        )

    # Embeddings

    def missing_embeddings(self, hashes: Iterable[str]) -> list[str]:
        return [key for key in hashes if not self._has_embedding(key)]

    def _has_embedding(self, key: str) -> bool:
        return self._connection.execute("SELECT 1 FROM embeddings WHERE hash = ?", [key]).fetchone() is not None

    def add_embeddings(self, vectors: Mapping[str, Vectors]) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO embeddings VALUES (?, ?)",
            [[key, vector.tobytes()] for key, vector in vectors.items()],
        )

    def drop_unused_embeddings(self) -> None:
        self._connection.execute("DELETE FROM embeddings WHERE hash NOT IN (SELECT embedding FROM passages)")

    def vectors(self, ids: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors of passages."""
        found: dict[int, Vectors] = {}
        for part in _parts(ids):
            rows = self._connection.execute(
                "SELECT passages.id, vector FROM passages JOIN embeddings ON hash = embedding"
                f" WHERE passages.id IN ({','.join('?' * len(part))})",
                part,
            )
            found.update((key, np.frombuffer(blob, dtype=np.float32)) for key, blob in rows)
        return found

    # Passages

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        found: dict[int, Passage] = {}
        for part in _parts(ids):
            rows = self._connection.execute(f"{_PASSAGE} WHERE passages.id IN ({','.join('?' * len(part))})", part)
            found.update((row[0], Passage(*row)) for row in rows)
        return found

    def passages_of(self, path: str, page: int | None) -> list[Passage]:
        """Those of a page, or of a whole file where `page` is None, in their order."""
        rows = self._connection.execute(
            f"{_PASSAGE} WHERE path = ? AND (? IS NULL OR page = ?) ORDER BY passages.start", [path, page, page]
        )
        return [Passage(*row) for row in rows]

    def forget_vectors(self) -> None:
        """Every passage's vector is to be given to Chroma again."""
        with self.transaction():
            self._connection.execute("UPDATE passages SET vectors_pending = 1")

    def count(self) -> int:
        """Passages in the index."""
        return int(self._connection.execute("SELECT count(*) FROM passages").fetchone()[0])

    def page_text(self, path: str, page: int | None) -> tuple[int, str] | None:
        """(offset, text) of one page, or of the whole document where `page` is None; None: no such page."""
        rows = self._connection.execute(
            "SELECT pages.start, pages.text FROM pages JOIN files ON files.id = file_id"
            " WHERE path = ? AND (? IS NULL OR number = ?) ORDER BY pages.start",
            [path, page, page],
        ).fetchall()
        return (rows[0][0], "".join(text for _, text in rows)) if rows else None


def embedding_hash(digest: str, piece: Piece) -> str:
    """Names the vector of a piece under an encoder."""
    return hashlib.sha256(f"{digest}\0{embedded_text(piece)}".encode()).hexdigest()


def embedded_text(piece: Piece) -> str:
    """What the encoder reads of a piece."""
    return f"{piece.header}\n{piece.text}"


def _parts(ids: Sequence[int], size: int = 500) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
