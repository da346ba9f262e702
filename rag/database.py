"""What the SQLite database of an index holds: files, their text, passages and embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.document import Document, Outcome
from rag.embedding_rows import EmbeddingRows, embedded, hashed
from rag.extent import Extent
from rag.filter import Filter
from rag.split import Piece, header

_FILE = "path, size, mtime_ns, content_hash, stages, outcome, reason, racy"
LOST = -1
"""In place of the size of a file that was read and cannot be reached now."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """What is known of a file since it was last read. `content_hash` is empty where it was not."""

    path: str
    size: int
    mtime_ns: int
    content_hash: str
    stages: str
    outcome: Outcome
    reason: str | None
    racy: bool = False
    """Changed so shortly before it was read that its time may hide a later change: hashed again next time."""


class Database(EmbeddingRows):
    """Files by path; passages by id; embeddings by the hash of their text."""

    def files(self) -> dict[str, FileRow]:
        """By path, in the order of paths; what is ignored included."""
        rows = self._connection.execute(f"SELECT {_FILE} FROM files ORDER BY path")
        return {row[0]: FileRow(*row) for row in rows}

    def paths(self) -> dict[int, str]:
        """The path of every file that has passages, by its id."""
        return dict(self._connection.execute("SELECT id, path FROM files WHERE id IN (SELECT file_id FROM passages)"))

    def extents(self) -> list[Extent]:
        """The files that have passages, in the order of paths."""
        rows = self._connection.execute(
            "SELECT path, max(page), count(*) FROM passages JOIN files ON files.id = file_id"
            " GROUP BY path ORDER BY path"
        )
        return [Extent(*row) for row in rows]

    def file_ids(self, where: Filter) -> list[int]:
        """Ids of the files that a search may look into."""
        kept = {row.path for row in where.keep(self.files().values())}
        return [key for key, path in self._connection.execute("SELECT id, path FROM files") if path in kept]

    def touch(self, path: str, size: int, mtime_ns: int, racy: bool) -> None:
        """The file was written and holds what it held."""
        self._connection.execute(
            "UPDATE files SET size = ?, mtime_ns = ?, racy = ? WHERE path = ?", [size, mtime_ns, racy, path]
        )

    def lose(self, path: str, reason: str) -> None:
        """The file cannot be reached now, and is read again when it can; its passages stay, and its time dates them."""
        self._connection.execute(
            "UPDATE files SET size = ?, outcome = 'failed', reason = ? WHERE path = ?", [LOST, reason, path]
        )

    def remove(self, paths: Iterable[str]) -> None:
        self._connection.executemany("DELETE FROM files WHERE path = ?", [[path] for path in paths])

    def rename(self, old: str, new: str, digest: str) -> None:
        """A file goes on under another path: its passages keep their vectors, their headers take the new name.

        A passage that has no vector yet gets the one of its new text; `digest` is the encoder's.
        """
        self.remove([new])
        self._connection.execute("UPDATE files SET path = ? WHERE path = ?", [new, old])
        rows = self._connection.execute(
            "SELECT passages.id, heading, header, columns, text, embedding, vector_state FROM passages"
            " JOIN files ON files.id = file_id WHERE path = ?",
            [new],
        ).fetchall()
        for key, heading, before, columns, text, embedding, state in rows:
            after = header(new, heading)
            if after == before:
                continue
            if not state:
                embedding = hashed(digest, embedded(after, columns, text))
            self._connection.execute(
                "UPDATE passages SET header = ?, embedding = ? WHERE id = ?", [after, embedding, key]
            )

    def replace(self, file: FileRow, document: Document | None, pieces: Sequence[Piece], hashes: Sequence[str]) -> None:
        """Puts a file's new rows in place of its old ones; `hashes` name the pieces' embeddings, made or to be made."""
        self.remove([file.path])
        values = (file.path, file.size, file.mtime_ns, file.content_hash, file.stages, file.outcome, file.reason)
        file_id = self._connection.execute(
            f"INSERT INTO files ({_FILE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [*values, file.racy]
        ).lastrowid
        if document is None:
            return
        self._connection.executemany(
            "INSERT INTO pages VALUES (?, ?, ?, ?)",
            [[file_id, page.number, page.start, document.text[page.start : page.end]] for page in document.pages],
        )
        self._connection.executemany(
            'INSERT INTO passages (file_id, page, heading, start, "end", text, header, columns, embedding,'
            " vector_state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [
                [file_id, each.page, each.heading, each.start, each.end, each.text, each.header, each.columns, key]
                for each, key in zip(pieces, hashes, strict=True)
            ],
        )


def embedding_hash(digest: str, piece: Piece) -> str:
    """Names the vector of a piece under an encoder."""
    return hashed(digest, embedded(piece.header, piece.columns, piece.text))
