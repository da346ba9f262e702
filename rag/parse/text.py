"""Bytes into text, and plain text into a document."""

from __future__ import annotations

import codecs

from rag.document import Document, Outcome, Parsed

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def has_mark(data: bytes) -> bool:
    """Whether a byte-order mark says how the bytes are to be read."""
    return any(data.startswith(mark) for mark, _ in _MARKS)


def decode(data: bytes) -> tuple[str, str | None]:
    """The text, and a note where the bytes are not what they should be.

    A byte-order mark decides; then UTF-8; then windows-1252, which is what the rest mostly is, with the
    bytes it does not know replaced. Newlines stay as they are: spans are offsets into this text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), None
            except UnicodeDecodeError as error:
                note = f"not valid {error.encoding.upper()} (byte {error.start:,}): some characters are lost"
                return data.decode(encoding, errors="replace"), note
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        note = f"not valid UTF-8 (byte {error.start:,}): read as windows-1252, some characters may be wrong"
        return data.decode("windows-1252", errors="replace"), note


def outcome_of(text: str, note: str | None) -> tuple[Outcome, str | None]:
    """What a decoded text counts as."""
    if "\0" in text:
        return "failed", "holds NUL bytes: a binary file under a text file's name"
    if not text.strip():
        return "no_text", "holds nothing but white space"
    return ("partial", note) if note else ("indexed", None)


def parse_text(data: bytes) -> Parsed:
    text, note = decode(data)
    outcome, reason = outcome_of(text, note)
    readable = outcome in ("indexed", "partial")
    return Parsed(outcome, reason, Document.unpaged(text) if readable else None)
