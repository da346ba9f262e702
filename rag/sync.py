"""The folder into the index, in two stages: read (parse, split, store), then embed. What did not change is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from inference.errors import FolderError
from rag import parse, split
from rag.changes import Changed, Changes, changes
from rag.database import Database, FileRow, embedding_hash
from rag.document import Outcome, Parsed
from rag.embedding import OpenVectors, embed, replay
from rag.encoder import Encoder
from rag.found import Link
from rag.parse.pool import parse_files
from rag.split.words import WordCounter

STAGES = f"{parse.VERSION}.{split.VERSION}"
BATCH_PASSAGES = 512
"""Files of so many passages together are one commit: BM25 then finds them."""
BATCH_FILES = 64
"""Files without text make no passages, and are stored all the same."""

OnProgress = Callable[["Progress"], None]
OnRead = Callable[[int], None]
"""Called between the stages with the number of passages to embed, where there are some: BM25 finds all by then."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is: `share` (0 to 1) of the bytes read, then of the passages embedded."""

    stage: Literal["read", "embed"]
    share: float
    files: int
    total_files: int


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file, or that it is not read yet; a path that ends in "/" is a folder that was not entered."""

    path: str
    outcome: Outcome | Literal["waiting"]
    reason: str | None


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. `files` lists every file of the folder in the order of paths, what is ignored included;
    the counts leave out what is ignored. `links` are those that were followed."""

    files: tuple[FileReport, ...]
    added: int
    removed: int
    unchanged: int
    passages: int
    seconds: float
    moved: int
    links: tuple[Link, ...]


@dataclass(slots=True)
class _Batch:
    rows: list[tuple[FileRow, Parsed, list[split.Piece]]] = field(default_factory=list)
    passages: int = 0
    bytes: int = 0


class _Meter:
    """Counts bytes, then passages: their number is known only when the last file is parsed."""

    def __init__(self, files: int, size: int, on_progress: OnProgress | None) -> None:
        self._total_files, self._size, self._on_progress = files, size, on_progress
        self._files, self._bytes = 0, 0

    def read(self, files: int, size: int) -> None:
        self._files += files
        self._bytes += size
        self._show("read", self._bytes / self._size if self._size else 1.0)

    def embedded(self, share: float) -> None:
        self._show("embed", share)

    def _show(self, stage: Literal["read", "embed"], share: float) -> None:
        if self._on_progress:
            self._on_progress(Progress(stage, share, self._files, self._total_files))


class Sync:
    """One run over a folder. The caller holds the index's lock."""

    def __init__(self, folder: Path, database: Database, encoder: Encoder, vectors: OpenVectors) -> None:
        self._folder = folder
        self._database = database
        self._encoder = encoder
        self._vectors = vectors
        self._count_tokens = WordCounter(encoder.count_tokens)

    def run(
        self, on_progress: OnProgress | None = None, on_read: OnRead | None = None, *, verify: bool = False
    ) -> SyncReport:
        """Raises FolderError where there is no file at all. What was stored stays when it is killed."""
        began = time.perf_counter()
        known = self._database.files()
        files, found = changes(self._folder, known, STAGES, verify=verify)
        if not files:
            raise no_files(self._folder, known)
        self._note(found)
        to_read = [changed for changed in found.changed if not changed.file.refused]
        meter = _Meter(len(to_read), sum(changed.file.size for changed in to_read), on_progress)
        self._read(to_read, meter)
        self._embed(meter, on_read)
        if found.changed or found.gone:
            with self._database.transaction():
                self._database.drop_unused_embeddings()
        return self._report(known, files, found, time.perf_counter() - began)

    def _note(self, found: Changes) -> None:
        """All that needs no reading, in one commit: no moment at which a file that was moved is missing."""
        refused = [(changed, changed.file.refused) for changed in found.changed if changed.file.refused]
        if not (refused or found.moved or found.touched or found.lost or found.gone):
            return
        with self._database.transaction():
            for old, changed in found.moved:
                self._database.rename(old, changed.file.path, self._encoder.digest)
            self._database.remove(found.gone)
            for path, reason in found.lost.items():
                self._database.lose(path, reason)
            for changed, verdict in refused:
                self._database.replace(changed.row(STAGES, verdict), None, [], [])
            for changed in (*found.touched, *(changed for _, changed in found.moved)):
                self._database.touch(changed.file.path, changed.file.size, changed.file.mtime_ns, changed.racy)

    def _read(self, changed: Sequence[Changed], meter: _Meter) -> None:
        batch = _Batch()
        for each, parsed in self._parsed(changed):
            pieces = self._pieces(each.file.path, parsed)
            batch.rows.append((self._row(each, parsed), parsed, pieces))
            batch.passages += len(pieces)
            batch.bytes += each.file.size
            if batch.passages >= BATCH_PASSAGES or len(batch.rows) >= BATCH_FILES:
                self._store(batch, meter)
                batch = _Batch()
        self._store(batch, meter)

    def _parsed(self, changed: Sequence[Changed]) -> Iterator[tuple[Changed, Parsed]]:
        """The largest first, so that no worker is left alone with one at the end."""
        by_path = {self._folder / each.file.path: each for each in changed}
        for path, parsed in parse_files(sorted(by_path, key=lambda path: -by_path[path].file.size)):
            yield by_path[path], parsed

    def _row(self, changed: Changed, parsed: Parsed) -> FileRow:
        """A file that was written while it was read has no hash: it is read again next time."""
        row = changed.row(STAGES, parsed)
        try:
            status = (self._folder / row.path).stat()
        except OSError:
            return replace(row, content_hash="")
        same = (status.st_size, status.st_mtime_ns) == (row.size, row.mtime_ns)
        return row if same else replace(row, content_hash="")

    def _pieces(self, path: str, parsed: Parsed) -> list[split.Piece]:
        if parsed.document is None:
            return []
        specials = 2  # the encoder adds its own marks at both ends
        return split.split(parsed.document, path, self._count_tokens, self._encoder.max_tokens - specials)

    def _store(self, batch: _Batch, meter: _Meter) -> None:
        if not batch.rows:
            return
        digest = self._encoder.digest
        with self._database.transaction():
            for row, parsed, pieces in batch.rows:
                hashes = [embedding_hash(digest, piece) for piece in pieces]
                self._database.replace(row, parsed.document, pieces, hashes)
        meter.read(len(batch.rows), batch.bytes)

    def _embed(self, meter: _Meter, on_read: OnRead | None) -> None:
        if self._database.waiting(0):
            with self._database.transaction():
                self._database.adopt_embeddings()
        replay(self._database, self._vectors)
        hashes = self._database.unembedded()
        if not hashes:
            return
        if on_read:
            on_read(self._database.waiting(0))
        embed(self._database, self._encoder, self._vectors, hashes, lambda done: meter.embedded(done / len(hashes)))

    def _report(self, known: Mapping[str, FileRow], files: int, found: Changes, seconds: float) -> SyncReport:
        reports = tuple(FileReport(row.path, row.outcome, row.reason) for row in self._database.files().values())
        added = sum(each.file.refused is None or each.file.refused.outcome != "ignored" for each in found.changed)
        removed = sum(known[path].outcome != "ignored" for path in found.gone)
        moved = len(found.moved)
        unchanged = files - added - moved
        return SyncReport(reports, added, removed, unchanged, self._database.count(), seconds, moved, found.links)


def no_files(folder: Path, known: Mapping[str, FileRow]) -> FolderError:
    """An emptied folder is not forgotten by itself: it may be a drive that is not mounted."""
    next_step = f"put documents ({parse.FORMATS}) in, or name another folder"
    if any(row.content_hash for row in known.values()):
        next_step = f"mount its drive if it lies on one; if it was meant, forget its index: speedking forget {folder}"
    return FolderError(f"{folder} holds no files, or only ignored ones", next_step=next_step)
