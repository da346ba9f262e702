"""Files into documents. `parse` runs in a worker process (rag.parse.pool), never in the caller's."""

from __future__ import annotations

from pathlib import Path

from rag.document import Parsed

VERSION = "1"
"""Moves with every change that alters what a parser returns: files are then parsed again."""

TEXT = frozenset({".txt", ".text", ".log", ".rst"})
MARKDOWN = frozenset({".md", ".markdown"})
HTML = frozenset({".html", ".htm", ".xhtml"})
PDF = frozenset({".pdf"})
SUPPORTED = TEXT | MARKDOWN | HTML | PDF

MAX_BYTES = 512 * 1024 * 1024


def parse(path: Path) -> Parsed:
    """Reads one file by its suffix. Never raises for what is inside a file: that is an outcome."""
    suffix = path.suffix.lower()
    size = path.stat().st_size
    if size == 0:
        return Parsed("no_text", "the file is empty")
    if size > MAX_BYTES:
        return Parsed("failed", f"{size / 1e6:,.0f} MB, more than the {MAX_BYTES / 1e6:,.0f} MB that are read")
    if suffix in PDF:
        from rag.parse.pdf import parse_pdf

        return parse_pdf(path)
    if suffix in HTML:
        from rag.parse.html import parse_html

        return parse_html(path.read_bytes())
    if suffix in MARKDOWN:
        from rag.parse.markdown import parse_markdown

        return parse_markdown(path.read_bytes())
    from rag.parse.text import parse_text

    return parse_text(path.read_bytes())
