"""What passages are made of: sentences and table rows."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.document import Document, Page, Table
from rag.sentences import Span, fold, sentence_spans
from rag.split.tokens import CountTokens, divide

_LINE = re.compile(r"[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, a heading, a table row, or a part of one that is too long; never across a page."""

    start: int
    end: int
    tokens: int
    table: Table | None
    is_heading: bool


def units_of(document: Document, count_tokens: CountTokens, limit: int) -> list[Unit]:
    """In text order, none of more than `limit` tokens.

    Tokens are counted for the whole document at once: page by page takes several times as long.
    """
    spans = [span for page in document.pages for span in _spans(document, page)]
    titles = {heading.start: heading.title for heading in document.headings}
    units = []
    for (start, end), tokens in divide(document.text, spans, count_tokens, limit):
        is_heading = start in titles and _is_title(document.text[start:end], titles[start])
        units.append(Unit(start, end, tokens, _table_at(document.tables, start), is_heading))
    return units


def _spans(document: Document, page: Page) -> Iterator[Span]:
    text, offset = document.text, page.start
    for table in document.tables[_first_from(document.tables, page.start) : _first_from(document.tables, page.end)]:
        yield from _sentences(text, offset, table.start)
        if table.header_end > table.start:
            yield from _stripped(text, table.start, table.header_end)
        for line in _LINE.finditer(text, table.header_end, table.end):
            yield from _stripped(text, *line.span())
        offset = table.end
    yield from _sentences(text, offset, page.end)


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    return ((start + one, start + other) for one, other in sentence_spans(text[start:end]))


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    line = text[start:end]
    begin = start + len(line) - len(line.lstrip())
    if begin < end:
        yield begin, start + len(line.rstrip())


def _first_from(tables: Sequence[Table], offset: int) -> int:
    return bisect.bisect_left(tables, offset, key=lambda table: table.start)


def _table_at(tables: Sequence[Table], offset: int) -> Table | None:
    number = bisect.bisect_right(tables, offset, key=lambda table: table.start)
    return tables[number - 1] if number and offset < tables[number - 1].end else None


def _is_title(text: str, title: str) -> bool:
    """Whether a heading is all that stands there: an outline's may begin anywhere on its page."""
    marks = 12
    return title in fold(text) and len(text) <= len(title) + marks
