"""A parsed file: one text with page marks and headings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["indexed", "partial", "no_text", "encrypted", "unsupported", "ignored", "failed"]


@dataclass(frozen=True, slots=True)
class Page:
    """`text[start:end]` of the document. `number` is 1-based, None where the format has no pages."""

    number: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that begins at `start`; level 1 is the highest."""

    level: int
    title: str
    start: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table is `text[start:end]` of the document: whole lines, a row a line (in CSV a quoted cell may hold more).
    `header_end` is where its header row (or rows, with the rule below it) ends, `start` where it has none. A table
    never crosses a page."""

    start: int
    end: int
    header_end: int


@dataclass(frozen=True, slots=True)
class Document:
    """The text of a file. Its pages lie side by side and cover the text; headings and tables are in text order.

    For Markdown, CSV and plain text the text is the decoded file, so a span is an offset into the file. For PDF, HTML
    and office files it is the extracted text.
    """

    text: str
    pages: tuple[Page, ...]
    headings: tuple[Heading, ...] = ()
    tables: tuple[Table, ...] = ()

    @classmethod
    def unpaged(cls, text: str, headings: tuple[Heading, ...] = (), tables: tuple[Table, ...] = ()) -> Document:
        return cls(text, (Page(None, 0, len(text)),), headings, tables)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came of a file: a document, or the reason why there is none ("partial" has both)."""

    outcome: Outcome
    reason: str | None = None
    document: Document | None = None
