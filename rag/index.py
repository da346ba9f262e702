"""The index of one folder of documents: sync, search, ask."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from inference.errors import DocumentsError, FolderError, IndexFormatError
from rag.answer import Answer, Citation, OnText, Reader
from rag.database import Database
from rag.differing import with_differing
from rag.encoder import Encoder, SentenceEncoder
from rag.exact import Hit, Matches, holding, lines_holding
from rag.extent import Extent
from rag.filter import DatedFile, Filter
from rag.found import Found
from rag.lexical import bm25, rarity
from rag.location import Location, default_location, location_of
from rag.lock import OnWait
from rag.passage import Passage
from rag.read.extractive import ExtractiveReader
from rag.rerank import Reranker
from rag.retrieve import FUSION, retrieve
from rag.scan import check_folder, scan
from rag.sentences import fold, fold_hyphens
from rag.store import Store
from rag.support import Supporter
from rag.sync import FileReport, OnProgress, OnRead, Sync, SyncReport, no_files

READ_PASSAGES = 10
"""Passages that a reader is given unless the person says otherwise."""


class Index:
    """Use `Index.open`; close it or use it in a `with`.

    Readers are handed in: `index.reader = ...` may follow the opening, since a reader needs the index's
    `supporter`.
    """

    def __init__(
        self, folder: Path, location: Path, encoder: Encoder, reader: Reader | None, reranker: Reranker | None
    ) -> None:
        self.folder = folder
        self.location = location
        self.encoder = encoder
        self.reranker = reranker
        self.fusion = FUSION
        self._location = Location(location)
        self._check()
        self._holders = 0
        self._closed = False
        self._lock = threading.Lock()
        self._store = Store(self._location.store(encoder), location)
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
        reranker: Reranker | None = None,
    ) -> Index:
        """Opens the index of a folder; where there is none, an empty one that the first sync makes.

        `index` is where it lies, by default in the platform's data folder, one per folder. Raises
        FolderError for a folder that cannot be meant, IndexFormatError for the index of another folder. What
        another encoder has indexed there is left alone, and replaced when the next sync is complete.
        """
        resolved = check_folder(Path(folder))
        location = location_of(resolved, index)
        if location == resolved or resolved in location.parents:
            raise FolderError(
                f"the index {location} would lie inside the documents' folder, which is never written to",
                next_step="name a place outside of it with --index",
            )
        return cls(resolved, location, encoder or SentenceEncoder(), reader, reranker)

    def sync(
        self,
        on_progress: OnProgress | None = None,
        on_wait: OnWait | None = None,
        *,
        wait: bool = True,
        verify: bool = False,
        on_read: OnRead | None = None,
    ) -> SyncReport:
        """Brings the index up to the folder: only new and changed files are parsed and embedded.

        `on_wait` is told when another process is writing; its end is waited for, or with `wait` False
        IndexBusyError is raised. `verify` reads every file's content, whatever its size and time say. `on_read`
        gets the number of passages to embed, where there are some, once a search by words finds them all. Raises
        FolderError where there is no file at all.
        """
        if not self._store.made and not scan(self.folder).meant:
            raise no_files(self.folder, {})
        with self._store.writing(on_wait, wait=wait) as vectors:
            self._location.begin(self.folder, self.encoder)
            run = Sync(self.folder, self._database, self.encoder, vectors)
            report = run.run(on_progress, on_read, verify=verify)
            self._database.set_meta("synced_at", datetime.now(UTC).isoformat(timespec="seconds"))
            self._location.complete(self.folder, self.encoder)
            return report

    def search(self, query: str, k: int = READ_PASSAGES, where: Filter | None = None) -> list[Passage]:
        """The `k` best passages, best first; empty where nothing is indexed. `where` says which files it looks into."""
        with self._store.reading():
            if not self._database.count():
                return []
            self._store.catch_up()
            return retrieve(
                query,
                k,
                database=self._database,
                vectors=self._store,
                encoder=self.encoder,
                where=where,
                reranker=self.reranker,
                fusion=self.fusion,
            )

    def holds_word_of(self, query: str, where: Filter | None = None) -> bool:
        """Whether a passage holds one of the words of the query; else a search finds by meaning alone."""
        with self._store.reading():
            files = None if where is None else self._database.file_ids(where)
            return bool(bm25(self._database.connection, query, 1, files))

    def ask(
        self, question: str, *, k: int = READ_PASSAGES, on_text: OnText | None = None, where: Filter | None = None
    ) -> Answer:
        """Retrieves `k` passages, reads them, and tells where another one says otherwise what is quoted."""
        began = time.perf_counter()
        share = self.embedded_share
        passages = self.search(question, k, where)
        retrieved = time.perf_counter()
        answer = with_differing(self.reader.answer(question, passages, on_text), passages)
        read = time.perf_counter()
        timings = {"retrieve_s": retrieved - began, "read_s": read - retrieved, **answer.timings}
        return replace(answer, timings=timings, embedded_share=share)

    def read(self, file: str, page: int | None = None) -> list[Passage]:
        """The passages of a page, or of a whole file, in their order; empty where there is no such place."""
        with self._store.reading():
            return self._database.passages_of(file, page)

    def find(self, text: str, file: str | None = None, *, limit: int = READ_PASSAGES) -> Matches:
        """The first `limit` passages that hold the text word for word (case, white space and the form of quotation
        marks aside), of one file where it is named. A text that goes on into the next passage is not found."""
        with self._store.reading():
            ids = holding(self._database.connection, text, file)
            passages = self._database.passages(ids[:limit])
        hits = [Hit(passages[key], lines_holding(passages[key], text)) for key in ids[:limit] if key in passages]
        return Matches(tuple(hits), len(ids))

    def extents(self) -> list[Extent]:
        """The files that have passages and how many, in the order of paths."""
        with self._store.reading():
            return self._database.extents()

    def run(self, first: int, last: int) -> Passage | None:
        """The passages whose ids run from `first` to `last` as one; None where they are not of one page of one file."""
        with self._store.reading():
            return self._database.run(first, last)

    def quote_found(self, citation: Citation) -> bool:
        """Whether the quote stands on that page of that file, in the text as it was parsed, at that span."""
        with self._store.reading():
            found = self._database.page_text(citation.file, citation.page)
        if found is None:
            return False
        offset, text = found
        span = text[citation.start - offset : citation.end - offset] if citation.start >= offset else ""
        fold_quote = fold_hyphens if citation.page is not None else fold
        return bool(citation.quote) and fold_quote(span) == citation.quote

    def files(self) -> list[FileReport]:
        """What became of each file, in the order of paths, as of the last sync; what is ignored included."""
        with self._store.reading():
            return [FileReport(row.path, row.outcome, row.reason) for row in self._database.files().values()]

    def waiting_files(self, seen: Found | None = None) -> list[FileReport]:
        """What a first sync would read, and what of the folder it would not read, by a look at names alone.

        `seen` is a scan of the folder, where there is one already.
        """
        return [
            FileReport(file.path, file.refused.outcome, file.refused.reason)
            if file.refused
            else FileReport(file.path, "waiting", None)
            for file in (seen or scan(self.folder)).files
        ]

    def stale_files(self, seen: Found | None = None) -> int:
        """Files of the folder that are new, gone or changed since the last sync, by size and time; what is out of
        reach stays as it was. `seen` as above."""
        with self._store.reading():
            known = {(row.path, row.size, row.mtime_ns) for row in self._database.files().values()}
        seen = seen or scan(self.folder)
        differing = {path for path, *_ in known ^ {(file.path, file.size, file.mtime_ns) for file in seen.files}}
        return len(differing - seen.away(differing))

    def fits(self, where: Filter) -> bool:
        """Whether a file fits that is there to be read, or that was read and is out of reach now. Raises as
        Filter.keep does."""
        seen = scan(self.folder)
        with self._store.reading():
            known = self._database.files()
        files: list[DatedFile] = [file for file in seen.files if file.refused is None]
        files += [known[path] for path in seen.away(known) if known[path].content_hash]
        return bool(where.keep(files))

    @property
    def embedded_share(self) -> float:
        """Of the passages, the share (0 to 1) that dense search can see; 1 where there are none."""
        with self._store.reading():
            total = self._database.count()
            waiting = self._database.waiting(0) + self._database.waiting(1)
        return 1 - waiting / total if total else 1.0

    @property
    def passages(self) -> int:
        """Passages in the index."""
        with self._store.reading():
            return self._database.count()

    @property
    def made_with(self) -> str | None:
        """The name of the encoder that the current index was made with; None before the first sync."""
        note = self._location.note()
        return None if note is None else note.encoder

    @property
    def _database(self) -> Database:
        return self._store.database

    @contextmanager
    def held(self) -> Iterator[None]:
        """For a read in a thread that nobody may wait for: a close meanwhile is carried out by the last that lets go.
        (SQLite ends the process where a connection is closed under a read.) Raises DocumentsError once it is closed."""
        with self._lock:
            if self._closed:
                raise DocumentsError(f"the index {self.location} is closed", next_step="open it again")
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                last = self._closed and not self._holders
            if last:
                self._store.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            held = self._holders > 0
        if not held:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        note = self._location.note()
        if note is not None and note.folder != str(self.folder):
            raise IndexFormatError(
                f"the index {self.location} was made for the folder {note.folder}, not for {self.folder}",
                next_step="name another place with --index, or delete this one",
            )


__all__ = ["Index", "OnWait", "default_location"]
