"""The index of one folder of documents: sync, search, ask."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from inference.errors import DocumentsError, FolderError, IndexBusyError, IndexFormatError
from rag.answer import Answer, Citation, OnText, Reader
from rag.database import Database
from rag.encoder import Encoder, SentenceEncoder
from rag.lexical import rarity
from rag.passage import Passage
from rag.read.extractive import ExtractiveReader
from rag.retrieve import retrieve
from rag.scan import check_folder, scan
from rag.sentences import fold, fold_hyphens
from rag.support import Supporter
from rag.sync import FileReport, OnProgress, Sync, SyncReport, replay
from rag.vectors import VectorStore

READ_PASSAGES = 10
"""Passages that a reader is given unless the person says otherwise."""

OnWait = Callable[[str], None]


class Index:
    """Use `Index.open`; close it or use it in a `with`.

    Readers are handed in: `index.reader = ...` may follow the opening, since a reader needs the index's
    `supporter`.
    """

    def __init__(self, folder: Path, location: Path, encoder: Encoder, reader: Reader | None) -> None:
        self.folder = folder
        self.location = location
        self.encoder = encoder
        try:
            location.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise IndexFormatError(
                f"the index {location} cannot be made: {error.strerror}", next_step="name another place with --index"
            ) from error
        self._database = Database(location / "index.sqlite")
        self._check()
        self._generation = self._database.generation
        self.supporter = Supporter(encoder, lambda words: rarity(self._database.connection, words))
        self.reader: Reader = reader or ExtractiveReader(self.supporter)

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        index: str | os.PathLike[str] | None = None,
        encoder: Encoder | None = None,
        reader: Reader | None = None,
    ) -> Index:
        """Opens the index of a folder, or makes an empty one.

        `index` is where it lies, by default in the platform's data folder, one per folder. Raises
        FolderError for a folder that cannot be meant, IndexFormatError for an index of another schema,
        folder or encoder.
        """
        resolved = check_folder(Path(folder))
        location = Path(index).expanduser().resolve() if index is not None else default_location(resolved)
        if location == resolved or resolved in location.parents:
            raise FolderError(
                f"the index {location} would lie inside the documents' folder, which is never written to",
                next_step="name a place outside of it with --index",
            )
        return cls(resolved, location, encoder or SentenceEncoder(), reader)

    def sync(self, on_progress: OnProgress | None = None, on_wait: OnWait | None = None) -> SyncReport:
        """Brings the index up to the folder: only new and changed files are parsed and embedded.

        `on_wait` is told when another process is writing; its end is waited for.
        """
        with self._writing(on_wait):
            self._database.set_meta("folder", str(self.folder))
            self._database.set_meta("encoder", self.encoder.digest)
            return Sync(self.folder, self._database, self.encoder, self._open_vectors).run(on_progress)

    def search(self, query: str, k: int = READ_PASSAGES) -> list[Passage]:
        """The `k` best passages, best first; empty where nothing is indexed."""
        if not self._database.count():
            return []
        self._follow()
        self._catch_up()
        return retrieve(query, k, database=self._database, vectors=self._open_vectors(), encoder=self.encoder)

    def ask(self, question: str, *, k: int = READ_PASSAGES, on_text: OnText | None = None) -> Answer:
        """Retrieves `k` passages and reads them."""
        began = time.perf_counter()
        passages = self.search(question, k)
        retrieved = time.perf_counter()
        answer = self.reader.answer(question, passages, on_text)
        read = time.perf_counter()
        timings = {"retrieve_s": retrieved - began, "read_s": read - retrieved, **answer.timings}
        return replace(answer, timings=timings)

    def read(self, file: str, page: int | None = None) -> list[Passage]:
        """The passages of a page, or of a whole file, in their order; empty where there is no such place."""
        return self._database.passages_of(file, page)

    def quote_found(self, citation: Citation) -> bool:
        """Whether the quote stands on that page of that file, in the text as it was parsed, at that span."""
        found = self._database.page_text(citation.file, citation.page)
        if found is None:
            return False
        offset, text = found
        span = text[citation.start - offset : citation.end - offset] if citation.start >= offset else ""
        fold_quote = fold_hyphens if citation.page is not None else fold
        return bool(citation.quote) and fold_quote(span) == citation.quote

    def files(self) -> list[FileReport]:
        """What became of each file, in the order of paths, as of the last sync."""
        return [FileReport(row.path, row.outcome, row.reason) for row in self._database.files().values()]

    def stale_files(self) -> int:
        """Files of the folder that are new, gone or changed since the last sync, by size and time."""
        known = {(row.path, row.size, row.mtime_ns) for row in self._database.files().values()}
        found = {(file.path, file.size, file.mtime_ns) for file in scan(self.folder)}
        return len({path for path, *_ in known ^ found})

    @property
    def passages(self) -> int:
        """Passages in the index."""
        return self._database.count()

    def close(self) -> None:
        self._close_vectors()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        for key, mine in (("folder", str(self.folder)), ("encoder", self.encoder.digest)):
            stored = self._database.meta(key)
            if stored is not None and stored != mine:
                self._database.close()
                raise IndexFormatError(
                    f"the index {self.location} was made for the {key} {stored}, not for {mine}",
                    next_step="name another place with --index, or delete this one",
                )

    def _catch_up(self) -> None:
        """Gives Chroma what it lacks: what a killed run left pending, or everything, where its folder was lost."""
        connection = self._database.connection
        (pending,) = connection.execute(
            "SELECT (SELECT count(*) FROM passages WHERE vectors_pending) + (SELECT count(*) FROM dead_vectors)"
        ).fetchone()
        lost = not pending and self._open_vectors().count() < self._database.count()
        if not pending and not lost:
            return
        # Whoever holds the lock now is finishing it; until then the search finds what is there.
        with suppress(IndexBusyError), self._writing(None, wait_s=0):
            if lost:
                self._database.forget_vectors()
            replay(self._database, self._open_vectors)

    def _follow(self) -> None:
        """Closes Chroma where another process has written since: its vectors would be missed, and written over."""
        if self._generation != self._database.generation:
            self._generation = self._database.generation
            self._close_vectors()

    def _close_vectors(self) -> None:
        if "_vectors" in self.__dict__:
            self._vectors.close()
            del self._vectors

    @cached_property
    def _vectors(self) -> VectorStore:
        return VectorStore(self.location / "chroma")

    def _open_vectors(self) -> VectorStore:
        return self._vectors

    @contextmanager
    def _writing(self, on_wait: OnWait | None, wait_s: float = 3600) -> Iterator[None]:
        """Holds the operating system's lock: it is free again when a process dies."""
        from filelock import FileLock, Timeout

        lock = FileLock(self.location / "write.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait is not None:
                on_wait("another process is writing this index: waiting for it to finish")
            try:
                lock.acquire(timeout=wait_s)
            except Timeout as error:
                raise IndexBusyError(
                    f"another process is still writing {self.location} after {wait_s:,.0f} s",
                    next_step="end it, or name another place with --index",
                ) from error
        try:
            self._follow()
            yield
        except sqlite3.Error as error:
            raise DocumentsError(
                f"the index {self.location} cannot be written: {error}",
                next_step="free the disk if it is full, and run it again: what was stored before stays",
            ) from error
        finally:
            self._generation = self._database.generation
            lock.release()


def default_location(folder: Path) -> Path:
    """The platform's data folder / speedking / indexes / NAME-HASH of the folder's path."""
    import platformdirs

    key = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(platformdirs.user_data_dir("speedking", appauthor=False)) / "indexes" / f"{folder.name}-{key}"


__all__ = ["Index", "default_location"]
