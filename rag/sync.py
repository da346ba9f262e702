"""The folder into the index: scan, parse, split, embed, store. What did not change is not touched."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inference.errors import FolderError
from rag import parse, split
from rag.database import Database, FileRow, embedded_text, embedding_hash
from rag.document import Outcome, Parsed
from rag.encoder import Encoder, Vectors
from rag.parse.pool import parse_files
from rag.scan import FoundFile, scan
from rag.vectors import VectorRecord, VectorStore

STAGES = f"{parse.VERSION}.{split.VERSION}"
BATCH_PASSAGES = 256
"""About ten seconds of embedding on two cores: what a killed run loses at most."""
SLICE = 64
"""Passages embedded between two reports of progress."""

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
        if not found:
            raise FolderError(
                f"{self._folder} holds no files",
                next_step="put documents (PDF, Markdown, text, HTML) in, or name another folder",
            )
        known = self._database.files()
        gone = known.keys() - {file.path for file in found}
        if gone:
            with self._database.transaction():
                self._database.remove(gone)
        changed = self._changed(found, known)
        self._store_changed(changed, on_progress)
        with self._database.transaction():
            self._database.drop_unused_embeddings()
        replay(self._database, self._vectors)
        return self._report(len(changed), len(gone), len(found), time.perf_counter() - began)

    def _changed(self, found: Sequence[FoundFile], known: dict[str, FileRow]) -> list[tuple[FoundFile, str]]:
        """New and changed files with their content's hash; a file merely touched is noted and left out."""
        changed = []
        for file in found:
            row = known.get(file.path)
            same_stages = row is not None and row.stages == STAGES
            if row and same_stages and (row.size, row.mtime_ns) == (file.size, file.mtime_ns):
                continue
            content = _content_hash(self._folder / file.path) if file.supported else ""
            if row and same_stages and row.content_hash == content and content:
                with self._database.transaction():
                    self._database.touch(file.path, file.size, file.mtime_ns)
            else:
                changed.append((file, content))
        return changed

    def _store_changed(self, changed: Sequence[tuple[FoundFile, str]], on_progress: OnProgress | None) -> None:
        meter = _Meter(len(changed), sum(file.size for file, _ in changed), on_progress)
        batch = _Batch()
        for file, content, parsed in self._parsed(changed):
            row = FileRow(file.path, file.size, file.mtime_ns, content, STAGES, parsed.outcome, parsed.reason)
            pieces = self._pieces(file.path, parsed)
            batch.rows.append((row, parsed, pieces))
            batch.passages += len(pieces)
            batch.bytes += file.size
            if batch.passages >= BATCH_PASSAGES:
                self._store(batch, meter)
                batch = _Batch()
        if batch.rows:
            self._store(batch, meter)

    def _parsed(self, changed: Sequence[tuple[FoundFile, str]]) -> Iterator[tuple[FoundFile, str, Parsed]]:
        by_path = {self._folder / file.path: (file, content) for file, content in changed}
        for file, content in changed:
            if not file.supported:
                suffix = Path(file.path).suffix or "no suffix"
                yield file, content, Parsed("unsupported", f"{suffix}: not a format that is read")
        readable = [path for path, (file, _) in by_path.items() if file.supported]
        for path, parsed in parse_files(readable):
            yield *by_path[path], parsed

    def _pieces(self, path: str, parsed: Parsed) -> list[split.Piece]:
        if parsed.document is None:
            return []
        specials = 2  # the encoder adds its own marks at both ends
        return split.split(parsed.document, path, self._encoder.count_tokens, self._encoder.max_tokens - specials)

    def _store(self, batch: _Batch, meter: _Meter) -> None:
        """Rows and embeddings in one commit, then the vectors."""
        digest = self._encoder.digest
        texts = {embedding_hash(digest, piece): embedded_text(piece) for _, _, pieces in batch.rows for piece in pieces}
        missing = self._database.missing_embeddings(texts)
        vectors: dict[str, Vectors] = {}
        for start in range(0, len(missing), SLICE):
            keys = missing[start : start + SLICE]
            vectors.update(zip(keys, self._encoder.documents([texts[key] for key in keys]), strict=True))
            meter.show(batch.bytes * len(vectors) / len(missing))
        with self._database.transaction():
            self._database.add_embeddings(vectors)
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


def _content_hash(path: Path) -> str:
    """sha256 of the file; empty where it cannot be read (the parser then says why)."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
