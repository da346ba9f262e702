"""The SQLite file of an index: opening it, commits, and the few values that stand for the whole."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.errors import IndexFormatError
from rag.schema import SCHEMA_VERSION, TABLES

OPEN_ATTEMPTS = 200


class Connection:
    """Opens or makes the database, without a path an empty one in memory. Raises IndexFormatError for another schema
    or a damaged file.

    One process writes at a time (rag.lock); each `with transaction()` is one commit, so that a killed run leaves
    the index as it was after the last one.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(
                path or ":memory:", isolation_level=None, check_same_thread=False, timeout=60.0
            )
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
        """One commit, or nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has already rolled it back
                self._connection.execute("ROLLBACK")
            raise

    @property
    def generation(self) -> int:
        """Moves with every change of Chroma's vectors, so that whoever has them open notices; 0: there are none."""
        return int(self.meta("generation") or 0)

    def meta(self, key: str) -> str | None:
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return row[0] if row else None

    def set_meta(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value])
