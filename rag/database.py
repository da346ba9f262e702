"""What the SQLite database of an index holds: files, their text, passages and embeddings."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.connection import Connection
from rag.document import Document, Outcome
from rag.encoder import Vectors
from rag.filter import Filter
from rag.passage import Passage
from rag.split import Piece, header

_FILE = "path, size, mtime_ns, content_hash, stages, outcome, reason, racy"
_PASSAGE = """SELECT passages.id, files.path, passages.page, passages.heading, passages.start, passages."end",
    passages.text, NULL, passages.columns FROM passages JOIN files ON files.id = passages.file_id"""

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


class Database(Connection):
    """Files by path; passages by id; embeddings by the hash of their text."""

    # Files

    def files(self) -> dict[str, FileRow]:
        """By path, in the order of paths; what is ignored included."""
        rows = self._connection.execute(f"SELECT {_FILE} FROM files ORDER BY path")
        return {row[0]: FileRow(*row) for row in rows}

    def paths(self) -> dict[int, str]:
        """The path of every file that has passages, by its id."""
        return dict(self._connection.execute("SELECT id, path FROM files WHERE id IN (SELECT file_id FROM passages)"))

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
                embedding = _hash(digest, _embedded(after, columns, text))
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

    # Embeddings

    def adopt_embeddings(self) -> None:
        """Passages whose text was embedded before have its vector."""
        self._connection.execute(
            "UPDATE passages SET vector_state = 1"
            " WHERE vector_state = 0 AND EXISTS (SELECT 1 FROM embeddings WHERE hash = embedding)"
        )

    def unembedded(self) -> list[str]:
        """The hashes of the texts whose vectors are missing, each once, in the order of passages."""
        rows = self._connection.execute("SELECT embedding FROM passages WHERE vector_state = 0 ORDER BY id")
        return list(dict.fromkeys(row[0] for row in rows))

    def embedded_texts(self, hashes: Sequence[str]) -> list[str]:
        """What the encoder reads for each hash; a passage must have it."""
        query = "SELECT header, columns, text FROM passages WHERE embedding = ? AND vector_state = 0"
        return [_embedded(*self._connection.execute(query, [key]).fetchone()) for key in hashes]

    def add_embeddings(self, vectors: Mapping[str, Vectors]) -> None:
        """Their passages then wait for Chroma."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO embeddings VALUES (?, ?)",
            [[key, vector.tobytes()] for key, vector in vectors.items()],
        )
        self._connection.executemany(
            "UPDATE passages SET vector_state = 1 WHERE embedding = ? AND vector_state = 0", [[key] for key in vectors]
        )

    def drop_unused_embeddings(self) -> None:
        self._connection.execute("DELETE FROM embeddings WHERE hash NOT IN (SELECT embedding FROM passages)")

    def vectors(self, ids: Sequence[int]) -> dict[int, Vectors]:
        """The stored vectors of passages; those that are not embedded yet are left out."""
        rows = self._connection.execute(
            "SELECT passages.id, vector FROM passages JOIN embeddings ON hash = embedding"
            " WHERE passages.id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        )
        return {key: np.frombuffer(blob, dtype=np.float32) for key, blob in rows}

    def nearest(self, vector: Vectors, k: int, files: Sequence[int] | None = None) -> dict[int, float]:
        """Passage id -> cosine of the `k` nearest, best first, exact: every vector is read (0.2 s for 11,000)."""
        rows = self._connection.execute(
            "SELECT passages.id, vector FROM passages JOIN embeddings ON hash = embedding"
            " WHERE ?1 IS NULL OR file_id IN (SELECT value FROM json_each(?1)) ORDER BY passages.id",
            [None if files is None else json.dumps(list(files))],
        ).fetchall()
        if not rows:
            return {}
        cosines = np.frombuffer(b"".join(blob for _, blob in rows), dtype=np.float32).reshape(len(rows), -1) @ vector
        best = np.argsort(-cosines, kind="stable")[:k]
        return {rows[place][0]: float(cosines[place]) for place in best}

    def waiting(self, state: int) -> int:
        """Passages that are not embedded yet (0), or embedded and not in Chroma (1)."""
        return self._number("SELECT count(*) FROM passages WHERE vector_state = ?", state)

    def dead_vectors(self) -> int:
        """Vectors that Chroma holds of passages that are gone."""
        return self._number("SELECT count(*) FROM dead_vectors")

    def forget_vectors(self) -> None:
        """Every passage's vector is to be given to Chroma again."""
        with self.transaction():
            self._connection.execute("UPDATE passages SET vector_state = 1 WHERE vector_state = 2")

    # Passages

    def passages(self, ids: Sequence[int]) -> dict[int, Passage]:
        rows = self._connection.execute(
            f"{_PASSAGE} WHERE passages.id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))]
        )
        return {row[0]: Passage(*row) for row in rows}

    def run(self, first: int, last: int) -> Passage | None:
        """Passages that follow each other, by their ids, as one with the text between them; None where they are not of
        one page of one file. Its heading is what their headings have in common."""
        found = list(self.passages(range(first, last + 1)).values())
        if len(found) <= last - first or len({(one.file, one.page) for one in found}) > 1:
            return None
        ordered = sorted(found, key=lambda one: one.start)
        begin, end = ordered[0], ordered[-1].end
        row = self._connection.execute(
            "SELECT substr(pages.text, ?1 - pages.start + 1, ?2 - ?1) FROM pages JOIN files ON files.id = file_id"
            " WHERE path = ?3 AND pages.start <= ?1 ORDER BY pages.start DESC LIMIT 1",
            [begin.start, end, begin.file],
        ).fetchone()
        heading = _common(one.heading for one in ordered)
        return None if row is None else replace(begin, heading=heading, end=end, text=row[0])

    def owners(self, ids: Sequence[int]) -> dict[int, int]:
        """The file's id of each passage."""
        rows = self._connection.execute(
            "SELECT id, file_id FROM passages WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
            [json.dumps(list(ids))],
        )
        return dict(rows.fetchall())

    def passages_of(self, path: str, page: int | None) -> list[Passage]:
        """Those of a page, or of a whole file where `page` is None, in their order."""
        rows = self._connection.execute(
            f"{_PASSAGE} WHERE path = ? AND (? IS NULL OR page = ?) ORDER BY passages.start", [path, page, page]
        )
        return [Passage(*row) for row in rows]

    def count(self) -> int:
        """Passages in the index."""
        return self._number("SELECT count(*) FROM passages")

    def page_text(self, path: str, page: int | None) -> tuple[int, str] | None:
        """(offset, text) of one page, or of the whole document where `page` is None; None: no such page."""
        rows = self._connection.execute(
            "SELECT pages.start, pages.text FROM pages JOIN files ON files.id = file_id"
            " WHERE path = ? AND (? IS NULL OR number = ?) ORDER BY pages.start",
            [path, page, page],
        ).fetchall()
        return (rows[0][0], "".join(text for _, text in rows)) if rows else None

    def _number(self, query: str, *values: int) -> int:
        return int(self._connection.execute(query, values).fetchone()[0])


def embedding_hash(digest: str, piece: Piece) -> str:
    """Names the vector of a piece under an encoder."""
    return _hash(digest, embedded_text(piece))


def embedded_text(piece: Piece) -> str:
    """What the encoder reads of a piece."""
    return _embedded(piece.header, piece.columns, piece.text)


def _embedded(header: str, columns: str, text: str) -> str:
    return "\n".join(part for part in (header, columns, text) if part)


def _common(headings: Iterable[str]) -> str:
    """The headings that all of these paths begin with."""
    paths = [heading.split(" > ") for heading in headings]
    return " > ".join(
        names[0] for names in itertools.takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))
    )


def _hash(digest: str, text: str) -> str:
    return hashlib.sha256(f"{digest}\0{text}".encode()).hexdigest()
