"""A passage: a piece of one page of one file, with its place in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A verbatim piece of a document's text, never across a page.

    `text == document_text[start:end]`. `file` is relative to the asked folder, with "/". `page` is
    1-based in paged formats, else None. `heading` is the path of headings above it, joined by " > ".
    `score` is set on what a search returns: higher is better, comparable within one search only.
    """

    id: int
    file: str
    page: int | None
    heading: str
    start: int
    end: int
    text: str
    score: float | None = None
    columns: str = ""
    """The header row of the table that `text` continues, where the row itself is not in `text`."""
