"""The passages of an index and the pages that they stand in, as its SQLite database holds them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rag.connection import Connection
from rag.passage import Passage

_PASSAGE = """SELECT passages.id, files.path, passages.page, passages.heading, passages.start, passages."end",
    passages.text, NULL, passages.columns FROM passages JOIN files ON files.id = passages.file_id"""


class PassageRows(Connection):
    """Passages by id, pages by path and number."""

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


def _common(headings: Iterable[str]) -> str:
    """The headings that all of these paths begin with."""
    paths = [heading.split(" > ") for heading in headings]
    return " > ".join(
        names[0] for names in itertools.takewhile(lambda names: len(set(names)) == 1, zip(*paths, strict=False))
    )
