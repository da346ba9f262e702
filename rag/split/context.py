"""What the encoder is told of a passage besides its text: file, headings, a table's columns."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rag.document import Document, Heading, Table
from rag.split.piece import header
from rag.split.tokens import CountTokens, shorten
from rag.split.units import Unit


@dataclass(frozen=True, slots=True)
class Context:
    """Of a passage that begins with a certain unit; `tokens` are those of header and columns."""

    heading: str
    header: str
    columns: str
    tokens: int


class Contexts:
    """Header and columns have at most `limit` tokens each: a heading's mark may stand on a whole paragraph.

    The header gives a passage the context that it lost: FinanceBench's page hits rise by 6 to 15 points when the
    file name is in the embedded text.
    """

    def __init__(self, document: Document, file: str, count_tokens: CountTokens, limit: int) -> None:
        self._starts = [heading.start for heading in document.headings]
        self._paths = list(_paths(document.headings))
        self._header = cache(lambda heading: shorten(header(file, heading), count_tokens, limit))
        self._columns = cache(lambda table: shorten(_names(document.text, table), count_tokens, limit))

    def of(self, units: Sequence[Unit]) -> list[Context]:
        """A passage that begins with headings stands below the last of them."""
        contexts = []
        path = ""
        for unit, below in zip(reversed(units), [None, *reversed(units)], strict=False):
            path = path if unit.is_heading and below else self._path(unit.start)
            contexts.append(self._context(path, unit))
        return contexts[::-1]

    def _context(self, path: str, unit: Unit) -> Context:
        text, tokens = self._header(path)
        if unit.table is None or unit.start < unit.table.header_end:
            return Context(path, text, "", tokens)
        columns, more = self._columns(unit.table)
        return Context(path, text, columns, tokens + more)

    def _path(self, offset: int) -> str:
        number = bisect.bisect_right(self._starts, offset)
        return self._paths[number - 1] if number else ""


def _paths(headings: Sequence[Heading]) -> Iterator[str]:
    above: list[Heading] = []
    for heading in headings:
        above = [other for other in above if other.level < heading.level]
        above.append(heading)
        yield " > ".join(other.title for other in above)


def _names(text: str, table: Table) -> str:
    """The header row without the rule that Markdown draws below it."""
    lines = text[table.start : table.header_end].splitlines()
    return "\n".join(line.strip() for line in lines if any(map(str.isalnum, line)))
