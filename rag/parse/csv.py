"""CSV and TSV: the document's text is the file itself, with one table over it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from rag.document import Document, Parsed, Table
from rag.parse import grid
from rag.parse.text import decode, outcome_of

_DELIMITERS = ("\t", ";", "|", ",")
"""In the order in which they win: a decimal comma separates nothing, and a semicolon rarely stands in a figure."""
_SAMPLE_CHARACTERS = 200_000
_SAMPLE_RECORDS = 100


@dataclass(frozen=True, slots=True)
class _Records:
    """The first records of a file, and where in its text each ends."""

    rows: list[list[str]]
    ends: list[int]

    @property
    def width(self) -> int:
        """The cells of most records."""
        return Counter(map(len, self.rows)).most_common(1)[0][0] if self.rows else 0

    @property
    def regular(self) -> float:
        """The share of records that have as many cells as most have."""
        return sum(len(row) == self.width for row in self.rows) / max(len(self.rows), 1)


def parse_csv(data: bytes) -> Parsed:
    text, note = decode(data)
    outcome, reason = outcome_of(text, note)
    if outcome not in ("indexed", "partial"):
        return Parsed(outcome, reason)
    table = find_table(text)
    return Parsed(outcome, reason, Document.unpaged(text, tables=(table,) if table else ()))


def find_table(text: str) -> Table | None:
    """The table that begins with the first record of at least two filled cells; None where there are no two such."""
    sample = text[:_SAMPLE_CHARACTERS]
    candidates = [_records(sample, len(sample) < len(text), delimiter) for delimiter in _DELIMITERS]
    best = max(candidates, key=lambda records: (records.width > 1, records.regular))
    titles = 0  # lines above the table: what it is, "sep=;"
    while titles < len(best.rows) and sum(map(bool, best.rows[titles])) < 2:
        titles += 1
    rows = best.rows[titles:]
    if best.width < 2 or len(rows) < 2:
        return None
    start = best.ends[titles - 1] if titles else 0
    header = grid.header_rows([[*row[: best.width], *[""] * (best.width - len(row))] for row in rows])
    return Table(start, len(text), best.ends[titles + header - 1] if header else start)


def _records(sample: str, cut: bool, delimiter: str) -> _Records:
    """As far as they can be read: what looks like an unclosed quote ends them."""
    lines = list(io.StringIO(sample, newline=""))  # splits as csv does: not at form feeds
    ends, offset = [0], 0
    for line in lines:
        offset += len(line)
        ends.append(offset)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    records = _Records([], [])
    try:
        for row in islice(reader, _SAMPLE_RECORDS):
            if not cut or reader.line_num < len(lines):
                records.rows.append([cell.strip() for cell in row])
                records.ends.append(ends[reader.line_num])
    except csv.Error:
        pass
    return records
