"""PDF: pdfium extracts the text of pages and the outline; pypdf reads what pdfium cannot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from rag.document import Document, Heading, Page, Parsed

MAX_PAGES = 10_000
MAX_CHARACTERS = 100_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff\ufffe\uffff]")
# pdfium's marks for a hyphen at a line's end, whose line break it takes out.
_HYPHENS = str.maketrans({"\x02": "-\n", "\ufffe": "-\n"})


def parse_pdf(path: Path) -> Parsed:
    """Text page by page. A page that fails is named and does not stop the others."""
    try:
        pdf = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        return _without_pdfium(path, str(error))
    with pdf:
        texts, troubles = _pdfium_pages(pdf)
        outline = _outline(pdf)
    if not any(text.strip() for text in texts):
        other = _pypdf_pages(path)
        if isinstance(other, Parsed) or not any(text.strip() for text in other[0]):
            return Parsed("no_text", _no_text_reason(len(texts), troubles))
        texts, troubles = other
    return _parsed(texts, outline, troubles)


def _pdfium_pages(pdf: Any) -> tuple[list[str], list[str]]:
    texts: list[str] = []
    troubles: list[str] = []
    characters = 0
    for index in range(len(pdf)):
        if index >= MAX_PAGES or characters > MAX_CHARACTERS:
            troubles.append(f"only the first {index:,} of {len(pdf):,} pages were read")
            break
        try:
            page = pdf[index]
            text = _clean(_text(page.get_textpage()))
            page.close()
        except pdfium.PdfiumError as error:
            text = ""
            troubles.append(f"page {index + 1}: {error}")
        characters += len(text)
        texts.append(text)
    return texts, troubles


def _text(page: Any) -> str:
    """All text, or that inside of the page's box where some lies outside.

    Of the two only the first keeps every line break: the second glues words together in narrow columns.
    """
    whole, inside = page.get_text_range(), page.get_text_bounded()
    same = len("".join(whole.split())) == len("".join(inside.split()))
    return str(whole if same else inside)


def _outline(pdf: Any) -> list[tuple[int, str, int]]:
    """(level from 1, title, page index) of each bookmark, as far as it can be read."""
    entries = []
    try:
        for bookmark in pdf.get_toc(max_depth=4):
            target = bookmark.get_dest()
            page = target.get_index() if target else None
            title = " ".join(_clean(bookmark.get_title()).split())
            if page is not None and title:
                entries.append((bookmark.level + 1, title, page))
    except pdfium.PdfiumError:
        return entries
    return entries


def _without_pdfium(path: Path, error: str) -> Parsed:
    # pdfium may still name the trouble of the file before it; an encrypted one says so in plain bytes.
    if "assword" in error and b"/Encrypt" in path.read_bytes():
        return Parsed("encrypted", "needs a password; save a copy without one")
    read = _pypdf_pages(path)
    if isinstance(read, Parsed):
        return read
    texts, troubles = read
    if not any(text.strip() for text in texts):
        return Parsed("failed", f"damaged: {error}")
    return _parsed(texts, [], [f"damaged ({error}): read by a second parser", *troubles])


def _pypdf_pages(path: Path) -> tuple[list[str], list[str]] | Parsed:
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, WrongPasswordError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            return Parsed("encrypted", "needs a password; save a copy without one")
        count = len(reader.pages)
    except (FileNotDecryptedError, WrongPasswordError):
        return Parsed("encrypted", "needs a password; save a copy without one")
    except Exception as error:  # pypdf raises whatever a damaged structure leads it to
        return Parsed("failed", f"damaged: {_short(error)}")
    texts, troubles = [], []
    if count > MAX_PAGES:
        troubles.append(f"only the first {MAX_PAGES:,} of {count:,} pages were read")
    for index in range(min(count, MAX_PAGES)):
        try:
            texts.append(_clean(reader.pages[index].extract_text()))
        except Exception as error:  # as above, and one page must not stop the others
            texts.append("")
            troubles.append(f"page {index + 1}: {_short(error)}")
    return texts, troubles


def _parsed(texts: list[str], outline: list[tuple[int, str, int]], troubles: list[str]) -> Parsed:
    pages, offset = [], 0
    for number, text in enumerate(texts, start=1):
        pages.append(Page(number, offset, offset + len(text)))
        offset += len(text)
    headings = sorted(
        (Heading(level, title, pages[page].start) for level, title, page in outline if page < len(pages)),
        key=lambda heading: heading.start,
    )
    document = Document("".join(texts), tuple(pages), tuple(headings))
    empty = sum(not text.strip() for text in texts)
    if 2 * empty >= len(texts):
        troubles = [f"{empty} of {len(texts)} pages without text: scans, or blank", *troubles]
    if troubles:
        return Parsed("partial", "; ".join(troubles[:3]), document)
    return Parsed("indexed", None, document)


def _clean(text: str) -> str:
    """One newline character, no control characters, no lone surrogates; ends with a newline."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_HYPHENS)
    text = _CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8")
    return text if text.endswith("\n") else text + "\n"


def _no_text_reason(pages: int, troubles: list[str]) -> str:
    if troubles:
        return "; ".join(troubles[:3])
    return f"{pages} page{'s' * (pages != 1)} without text: a scan, or blank"


def _short(error: Exception) -> str:
    """The words of an error; its class where it has none."""
    return (str(error) or type(error).__name__)[:200]
