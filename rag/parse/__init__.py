"""Files into documents. `parse` runs in a worker process (rag.parse.pool), never in the caller's."""

from __future__ import annotations

from pathlib import Path

from rag.document import Parsed

VERSION = "3"
"""Moves with every change that alters what a parser returns: files are then parsed again."""

TEXT = frozenset({".txt", ".text", ".log", ".rst"})
MARKDOWN = frozenset({".md", ".markdown"})
HTML = frozenset({".html", ".htm", ".xhtml"})
PDF = frozenset({".pdf"})
WORD = frozenset({".docx", ".docm", ".dotx", ".dotm"})
EXCEL = frozenset({".xlsx", ".xlsm", ".xltx", ".xltm"})
CSV = frozenset({".csv", ".tsv"})
SUPPORTED = TEXT | MARKDOWN | HTML | PDF | WORD | EXCEL | CSV
FORMATS = "PDF, Word, Excel, CSV, Markdown, text, HTML"
"""What is read, in words, for messages."""

_SAVE_AS = {
    **dict.fromkeys((".doc", ".dot", ".rtf", ".odt", ".wpd", ".pages"), "save it as .docx"),
    **dict.fromkeys((".xls", ".xlt", ".xlsb", ".ods", ".numbers"), "save it as .xlsx"),
    **dict.fromkeys((".ppt", ".pptx", ".odp", ".key"), "save it as .pdf"),
}

MAX_BYTES = 512 * 1024 * 1024


def refusal(suffix: str) -> str | None:
    """Why files of this suffix are not read, and what helps; None where they are."""
    if suffix.lower() in SUPPORTED:
        return None
    return f"{suffix or 'no suffix'}: {_SAVE_AS.get(suffix.lower(), f'not a format that is read ({FORMATS})')}"


def parse(path: Path) -> Parsed:
    """Reads one file by its suffix. Never raises for what is inside a file: that is an outcome."""
    size = path.stat().st_size
    if size == 0:
        return Parsed("no_text", "the file is empty")
    if size > MAX_BYTES:
        return Parsed("failed", f"{size / 1e6:,.0f} MB, more than the {MAX_BYTES / 1e6:,.0f} MB that are read")
    return _parse(path, path.suffix.lower())


def _parse(path: Path, suffix: str) -> Parsed:
    # Each parser is imported when its first file comes: a worker reads its first page sooner.
    if suffix in PDF:
        from rag.parse.pdf import parse_pdf

        return parse_pdf(path)
    if suffix in WORD:
        from rag.parse.docx import parse_docx

        return parse_docx(path)
    if suffix in EXCEL:
        from rag.parse.xlsx import parse_xlsx

        return parse_xlsx(path)
    if suffix in HTML:
        from rag.parse.html import parse_html

        return parse_html(path.read_bytes())
    if suffix in MARKDOWN:
        from rag.parse.markdown import parse_markdown

        return parse_markdown(path.read_bytes())
    if suffix in CSV:
        from rag.parse.csv import parse_csv

        return parse_csv(path.read_bytes())
    from rag.parse.text import parse_text

    return parse_text(path.read_bytes())
