"""The folder into the index: scan, parse, split, embed, store. What did not change is not touched."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inference.errors import FolderError
from rag import parse, split
from rag.database import Database, FileRow, embedded_text, embedding_hash
from rag.document import Outcome, Parsed
from rag.encoder import Encoder
from rag.parse.pool import parse_files
from rag.scan import FoundFile, scan
from rag.vectors import VectorRecord, VectorStore

STAGES = f"{parse.VERSION}.{split.VERSION}"
BATCH_PASSAGES = 256
"""Files of so many passages together are stored and can be searched: about ten seconds of embedding on two cores."""
BATCH_FILES = 64
"""Files without text make no passages, and are stored all the same."""
SLICE = 64
"""Passages embedded between two commits and reports of progress: what a killed run loses at most."""

OnProgress = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: `share` (0 to 1) of the bytes that are new or changed are stored or embedded."""

    share: float
    files: int
    total_files: int


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file."""

    path: str
    outcome: Outcome
    reason: str | None


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did. `files` lists every file of the folder, in the order of paths."""

    files: tuple[FileReport, ...]
    added: int
    removed: int
    unchanged: int
    passages: int
    seconds: float


@dataclass(slots=True)
class _Batch:
    rows: list[tuple[FileRow, Parsed, list[split.Piece]]] = field(default_factory=list)
    passages: int = 0
    bytes: int = 0


class _Meter:
    """Counts bytes, since the number of passages is known only when the last file is parsed."""

    def __init__(self, files: int, size: int, on_progress: OnProgress | None) -> None:
        self._files, self._size, self._on_progress = files, max(size, 1), on_progress
        self._files_done, self._bytes_done = 0, 0

    def stored(self, files: int, size: int) -> None:
        self._files_done += files
        self._bytes_done += size
        self.show(0)

    def show(self, ahead: float) -> None:
        """`ahead`: bytes of the present batch that are embedded and not yet stored."""
        if self._on_progress:
            share = min((self._bytes_done + ahead) / self._size, 1.0)
            self._on_progress(Progress(share, self._files_done, self._files))


class Sync:
    """One run over a folder. The caller holds the index's lock."""

    def __init__(self, folder: Path, database: Database, encoder: Encoder, vectors: Callable[[], VectorStore]) -> None:
        self._folder = folder
        self._database = database
        self._encoder = encoder
        self._vectors = vectors

    def run(self, on_progress: OnProgress | None = None) -> SyncReport:
        """Raises FolderError where there is no file at all. Stored batches stay when it is killed."""
        began = time.perf_counter()
        found = list(scan(self._folder))
        known = self._database.files()
        if not found:
            raise self._empty(known)
        gone = known.keys() - {file.path for file in found}
        if gone:
            with self._database.transaction():
                self._database.remove(gone)
        changed = self._changed(found, known)
        self._store_changed(changed, on_progress)
        if changed or gone:
            with self._database.transaction():
                self._database.drop_unused_embeddings()
        replay(self._database, self._vectors)
        return self._report(len(changed), len(gone), len(found), time.perf_counter() - began)

    def _empty(self, known: Mapping[str, FileRow]) -> FolderError:
        """An emptied folder is not forgotten by itself: it may be a drive that is not mounted."""
        next_step = "put documents (PDF, Markdown, text, HTML) in, or name another folder"
        if known:
            next_step = (
                "mount its drive if it lies on one; if it was meant, delete its index (speedking status names it)"
            )
        return FolderError(f"{self._folder} holds no files", next_step=next_step)

    def _changed(self, found: Sequence[FoundFile], known: dict[str, FileRow]) -> list[tuple[FoundFile, str]]:
        """New and changed files with their content's hash; a file merely touched is noted and left out."""
        changed, touched = [], []
        for file in found:
            row = known.get(file.path)
            if row and row.stages == STAGES and _same(row, file):
                continue
            content = "" if file.refusal else _content_hash(self._folder / file.path)
            if row and row.stages == STAGES and row.content_hash == content and content:
                touched.append(file)
            else:
                changed.append((file, content))
        if touched:
            with self._database.transaction():
                for file in touched:
                    self._database.touch(file.path, file.size, file.mtime_ns)
        return changed

    def _store_changed(self, changed: Sequence[tuple[FoundFile, str]], on_progress: OnProgress | None) -> None:
        meter = _Meter(len(changed), sum(_effort(file) for file, _ in changed), on_progress)
        batch = _Batch()
        for file, content, parsed in self._parsed(changed):
            row = FileRow(file.path, file.size, file.mtime_ns, content, STAGES, parsed.outcome, parsed.reason)
            pieces = self._pieces(file.path, parsed)
            batch.rows.append((row, parsed, pieces))
            batch.passages += len(pieces)
            batch.bytes += _effort(file)
            if batch.passages >= BATCH_PASSAGES or len(batch.rows) >= BATCH_FILES:
                self._store(batch, meter)
                batch = _Batch()
        if batch.rows:
            self._store(batch, meter)

    def _parsed(self, changed: Sequence[tuple[FoundFile, str]]) -> Iterator[tuple[FoundFile, str, Parsed]]:
        by_path = {}
        for file, content in changed:
            if file.refusal:
                yield file, content, Parsed("unsupported", file.refusal)
            else:
                by_path[self._folder / file.path] = file, content
        for path, parsed in parse_files(by_path):
            yield *by_path[path], parsed

    def _pieces(self, path: str, parsed: Parsed) -> list[split.Piece]:
        if parsed.document is None:
            return []
        specials = 2  # the encoder adds its own marks at both ends
        return split.split(parsed.document, path, self._encoder.count_tokens, self._encoder.max_tokens - specials)

    def _store(self, batch: _Batch, meter: _Meter) -> None:
        """Embeddings slice by slice, so that a long file is not begun anew; then its rows; then the vectors."""
        digest = self._encoder.digest
        texts = {embedding_hash(digest, piece): embedded_text(piece) for _, _, pieces in batch.rows for piece in pieces}
        missing = self._database.missing_embeddings(texts)
        for start in range(0, len(missing), SLICE):
            keys = missing[start : start + SLICE]
            vectors = self._encoder.documents([texts[key] for key in keys])
            with self._database.transaction():
                self._database.add_embeddings(dict(zip(keys, vectors, strict=True)))
            meter.show(batch.bytes * (start + len(keys)) / len(missing))
        with self._database.transaction():
            for row, parsed, pieces in batch.rows:
                hashes = [embedding_hash(digest, piece) for piece in pieces]
                self._database.replace(row, parsed.document, pieces, hashes)
        replay(self._database, self._vectors)
        meter.stored(len(batch.rows), batch.bytes)

    def _report(self, added: int, removed: int, total: int, seconds: float) -> SyncReport:
        files = tuple(FileReport(row.path, row.outcome, row.reason) for row in self._database.files().values())
        return SyncReport(files, added, removed, total - added, self._database.count(), seconds)


def replay(database: Database, vectors: Callable[[], VectorStore]) -> None:
    """Brings Chroma up to the database: deletes what is gone, adds what is pending, then clears the marks.

    Run again after a kill at any point it does what is left.
    """
    connection = database.connection
    dead = [row[0] for row in connection.execute("SELECT id FROM dead_vectors")]
    pending = connection.execute(
        "SELECT passages.id, vector, path, page FROM passages JOIN embeddings ON hash = embedding"
        " JOIN files ON files.id = file_id WHERE vectors_pending"
    ).fetchall()
    if not dead and not pending:
        return
    store = vectors()
    store.delete(dead)
    store.upsert([VectorRecord.stored(*row) for row in pending])
    with database.transaction():
        connection.executemany("DELETE FROM dead_vectors WHERE id = ?", [[key] for key in dead])
        connection.executemany("UPDATE passages SET vectors_pending = 0 WHERE id = ?", [[row[0]] for row in pending])


def _effort(file: FoundFile) -> int:
    """Bytes that are read: a film among the notes must not make the end seem near."""
    return 0 if file.refusal else file.size


def _same(row: FileRow, file: FoundFile) -> bool:
    """By size and time. A file that could not be read has no hash: a permission leaves no trace in its time."""
    read_once = bool(row.content_hash) or file.refusal is not None
    return read_once and (row.size, row.mtime_ns) == (file.size, file.mtime_ns)


def _content_hash(path: Path) -> str:
    """sha256 of the file; empty where it cannot be read (the parser then says why)."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
