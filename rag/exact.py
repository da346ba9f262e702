"""The passages that hold a text word for word, whatever their case and line breaks."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from rag.passage import Passage

_PLAIN = str.maketrans(
    {**dict.fromkeys("‘’‚‛ʼ", "'"), **dict.fromkeys("“”„‟", '"'), **dict.fromkeys("‐‑–—−", "-"), "\u00ad": ""}
)
"""Typographic marks as they are typed: whoever looks for "don't" means "don’t" too."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that holds the text, and the lines of it where it does so first."""

    passage: Passage
    lines: str


@dataclass(frozen=True, slots=True)
class Matches:
    """The first hits in the order of files and places, and the number of all passages that hold the text."""

    hits: tuple[Hit, ...]
    passages: int


def plain(text: str) -> str:
    """Without case, with single blanks, composed characters and plain quotation marks and hyphens."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return " ".join(text.casefold().split())


def holding(connection: sqlite3.Connection, text: str, file: str | None = None) -> list[int]:
    """Ids of the passages that hold the text, of one file where it is named, in the order of files and places.

    Every passage is read (about 0.1 s for 10,000): SQLite's own LIKE knows case for ASCII alone, and takes signs of
    the text for wildcards.
    """
    wanted = plain(text)
    if not wanted:
        return []
    rows = connection.execute(
        "SELECT passages.id, text FROM passages JOIN files ON files.id = file_id WHERE ?1 IS NULL OR path = ?1"
        " ORDER BY path, start",
        [file],
    )
    return [key for key, found in rows if wanted in plain(found)]


def lines_holding(passage: Passage, text: str) -> str:
    """The lines of the passage that the text stands in for the first time, as they are; "" where it does not."""
    wanted, lines = plain(text), passage.text.splitlines()
    folded = [plain(line) for line in lines]
    place = " ".join(filter(None, folded)).find(wanted)
    if place < 0:
        return ""
    spans = _spans(folded)
    return "\n".join(
        line.strip()
        for line, (start, end) in zip(lines, spans, strict=True)
        if start < place + len(wanted) and end > place
    )


def _spans(folded: list[str]) -> Iterator[tuple[int, int]]:
    """Where each line stands when those that are not empty are joined by blanks."""
    ends = accumulate(len(line) + 1 if line else 0 for line in folded)
    return ((end - len(line) - 1, end - 1) if line else (end, end) for line, end in zip(folded, ends, strict=True))
