"""Collects the text of an office file or a web page, line by line, with its headings and tables."""

from __future__ import annotations

from collections.abc import Sequence

from rag.document import Document, Heading, Parsed, Table
from rag.parse import grid
from rag.parse.text import outcome_of


class Writer:
    def __init__(self) -> None:
        self._headings: list[Heading] = []
        self._tables: list[Table] = []
        self._lines: list[str] = []
        self._length = 0

    def write(self, line: str) -> None:
        self._lines.append(line)
        self._length += len(line) + 1

    def heading(self, level: int, title: str) -> None:
        self._headings.append(Heading(level, title, self._length))
        self.write(title)

    def table(self, rows: Sequence[grid.Row], header: int | None = None) -> None:
        """A row a line. The first `header` rows name the columns; None: judged by what stands in them."""
        rows = grid.without_gaps(rows)
        header = grid.header_rows(rows) if header is None else header
        start = header_end = self._length
        for number, row in enumerate(rows, start=1):
            self.write(grid.line(row))
            if number == header:
                header_end = self._length
        if len(rows) > 1:
            self._tables.append(Table(start, self._length, header_end))

    def parsed(self, note: str | None = None) -> Parsed:
        """What was written; partial for the reason `note`, where there is one."""
        text = "\n".join(self._lines) + "\n" if self._lines else ""
        outcome, reason = outcome_of(text, note)
        if outcome not in ("indexed", "partial"):
            return Parsed(outcome, reason)
        return Parsed(outcome, reason, Document.unpaged(text, tuple(self._headings), tuple(self._tables)))
