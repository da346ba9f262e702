"""One encoder's store of an index: the database and Chroma, kept in step with each other and with other processes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import DocumentsError, IndexBusyError, IndexFormatError
from rag.database import Database
from rag.embedding import OpenVectors, replay
from rag.encoder import Vectors
from rag.lock import OnWait, write_lock
from rag.vectors import VectorStore

if TYPE_CHECKING:
    from filelock import FileLock

DATABASE = "index.sqlite"
VECTORS = "chroma"
VECTORS_LOCK = "vectors.lock"
READ_WAIT_S = 0.1
"""For another reader to finish with Chroma; a writer keeps it for longer, and the database answers meanwhile."""
FEW = 5_000
"""Up to so many vectors (8 MB at 384 dimensions) all are compared, exactly and within 0.1 s: a process that asks one
question does without loading Chroma, which takes 0.5 to 1.3 s."""


class Store:
    """`path` is the store's folder, `location` the index's, whose lock is held while it is written.

    Chroma is used by one process at a time, under a lock of its own: one that searches while another writes finds
    half-written files, and may purge what the writer has not read yet. Nothing is made before something is written.
    """

    def __init__(self, path: Path, location: Path) -> None:
        self._path = path
        self._location = location
        self.few = FEW
        self._vectors = VectorStore(path / VECTORS)
        self._damaged = False
        self.made = (path / DATABASE).exists()
        self._database = Database(path / DATABASE if self.made else None)
        self._generation = self._database.generation

    @property
    def database(self) -> Database:
        """An empty one in memory until one is made on disk, by this process or by another."""
        if not self.made and (self._path / DATABASE).exists():
            self._open()
        return self._database

    def close(self) -> None:
        self._vectors.close()
        self._database.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raises IndexFormatError where the database cannot be read."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: sqlite3.Error) -> IndexFormatError:
        return IndexFormatError(
            f"the index {self._location} cannot be read: {error}",
            next_step=f"delete {self._location} and index the folder again",
        )

    @contextmanager
    def writing(self, on_wait: OnWait | None = None, *, wait: bool = True) -> Iterator[OpenVectors]:
        """Holds the lock, and gives what opens Chroma for writing. Raises DocumentsError where it cannot be written."""
        if not self.made:
            self._make_folder()
        with write_lock(self._location, on_wait, wait=wait):
            if self.made:
                self._check()
            else:
                self._make_folder()  # it was forgotten meanwhile
                self._open()
            lock = self._vectors_lock()
            try:
                yield cache(lambda: self._open_to_write(lock))
            except sqlite3.OperationalError as error:
                raise DocumentsError(
                    f"the index {self._location} cannot be written: {error}",
                    next_step="free the disk if it is full, and run it again: what was stored before stays",
                ) from error
            except sqlite3.DatabaseError as error:
                raise self._unreadable(error) from error
            finally:
                lock.release()
                with suppress(sqlite3.Error):  # of a damaged database, of which an error is on its way
                    self._generation = self.database.generation

    def nearest(self, vector: Vectors, k: int, files: Sequence[int] | None = None) -> dict[int, float]:
        """Passage id -> cosine of the `k` nearest, best first; by the database where there are few, or where Chroma is
        not to be had now."""
        if self._is_small():
            return self.database.nearest(vector, k, files)
        with self._chroma() as vectors:
            if vectors is not None:
                try:
                    return vectors.nearest(vector, k, files)
                except IndexFormatError:
                    self._damaged = True
        return self.database.nearest(vector, k, files)

    def catch_up(self) -> None:
        """Gives Chroma what it lacks: what a killed run left, or everything, where its folder is lost or damaged."""
        self._check()
        left = self.database.waiting(1) + self.database.dead_vectors()
        if not left:
            if self._is_small():
                return
            with self._chroma() as vectors:
                if vectors is None or not self._lost():
                    return
        # Whoever holds the lock now is finishing it; until then the search finds what is there.
        with suppress(IndexBusyError), self.writing(wait=False) as vectors_to_write:
            vectors_to_write()
            replay(self.database, vectors_to_write)

    def _is_small(self) -> bool:
        return self.database.count() <= self.few

    def _make_folder(self) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexFormatError(
                f"the index {self._location} cannot be made: {error.strerror}",
                next_step="name another place with --index",
            ) from error

    def _open(self) -> None:
        """The database on disk in place of the one in memory."""
        on_disk = Database(self._path / DATABASE)
        self._database.close()
        self._database, self.made = on_disk, True

    def _check(self) -> None:
        if not (self._path / DATABASE).exists():
            self._vectors.close()  # Chroma, open in this process, could not write there again
            raise IndexFormatError(
                f"the index {self._location} was removed or made anew with another embedding model",
                next_step="open it again; the next sync makes what is missing",
            )

    @contextmanager
    def _chroma(self) -> Iterator[VectorStore | None]:
        """As the last writer left it; None where another process has it now."""
        from filelock import Timeout

        lock = self._vectors_lock()
        try:
            lock.acquire(timeout=READ_WAIT_S, poll_interval=0.005)
        except Timeout:
            yield None
            return
        try:
            if self._generation != self.database.generation:
                self._generation = self.database.generation
                self._vectors.close()
            yield self._vectors
        finally:
            lock.release()

    def _vectors_lock(self) -> FileLock:
        from filelock import FileLock

        return FileLock(self._path / VECTORS_LOCK)

    def _open_to_write(self, lock: FileLock) -> VectorStore:
        """Opened anew: one that was open before may lack what another process wrote last, and would write over it."""
        lock.acquire()
        self._vectors.close()
        if not self.database.generation or self._lost():
            self._vectors.close()
            shutil.rmtree(self._path / VECTORS, ignore_errors=True)
            self.database.forget_vectors()
            self._damaged = False
        return self._vectors

    def _lost(self) -> bool:
        """Whether Chroma holds less than the database says, or cannot be read. The caller holds Chroma's lock."""
        expected = self.database.count() - self.database.waiting(0) - self.database.waiting(1)
        try:
            return self._damaged or (expected > 0 and self._vectors.count() < expected)
        except IndexFormatError:
            return True
