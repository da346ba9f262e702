"""A passage before it has an id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Piece:
    """The place of a passage, and the texts that go to the encoder: header, columns and text."""

    page: int | None
    heading: str
    start: int
    end: int
    text: str
    header: str
    columns: str = ""
    """The header row of the table that `text` continues, where the row itself is not in `text`."""


def header(file: str, heading: str) -> str:
    """What the encoder and BM25 see before a passage: the file's name as words, and the headings."""
    name = re.sub(r"[_\-.]+", " ", PurePosixPath(file).stem).strip()
    return f"{name}: {heading}" if heading else name
