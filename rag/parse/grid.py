"""Tables as rows of cells: how a row is written, and which rows name the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

Row = Sequence[str]
Kind = Literal["text", "year", "date", "figure", "measure"]

_YEAR = re.compile(r"(?:FY ?)?(?:19|20)\d\d[AEF]?$")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d{1,2}:\d\d.*)?$")
# Signs, a currency before or behind, digits with their separators, a percent sign; not "3 cups".
_FIGURE = re.compile(r"[-+−(]?\s?[$€£¥]?\s?[-−(]?\d[\d.,'’\s]*(?:[eE][-+]?\d+)?\s?(?:[%€$£¥kKmMbB]|bn|mn)?\)?$")
_MEASURE = re.compile(r"(?:[A-Z]{3}\s?|[$€£¥]\s?)?[-−]?\d")
_LONGEST_NAME = 80
_LOOKED_AT = 50
"""Body rows that are looked at to judge a header."""


def line(cells: Row) -> str:
    """A row as one line, cells between bars, without the empty ones at its end."""
    folded = [" ".join(cell.split()) for cell in cells]
    while folded and not folded[-1]:
        folded.pop()
    return " | ".join(folded)


def without_gaps(rows: Sequence[Row]) -> list[list[str]]:
    """The rows that hold something, all of one width, without the columns that are empty in all of them."""
    width = max(map(len, rows), default=0)
    full = [[*row, *[""] * (width - len(row))] for row in rows if any(row)]
    kept = [column for column in range(width) if any(row[column] for row in full)]
    return [[row[column] for column in kept] for row in full]


def header_rows(rows: Sequence[Row]) -> int:
    """How many of the first rows (0, 1 or 2) name the columns, judged by what stands in them.

    A header's cells are short texts, each another, or the years, dates and measures of columns that hold something
    else. Below it a column of figures must follow; or, where all is text, at least three columns in which no name
    comes again: of two columns of text the first row is as likely a pair like the others.
    """
    rows = rows[: 2 + _LOOKED_AT]
    if len(rows) < 2 or not _names_columns(rows[0], rows[1:]):
        return 0
    # A first row with gaps groups columns; the row below names them.
    grouped = len(rows) > 2 and "" in rows[0][1:] and "" not in rows[1][1:] and _names_columns(rows[1], rows[2:])
    header = 2 if grouped else 1
    columns = list(zip(*rows[header:], strict=True))
    two_pairs = len(rows) == 2 and len(columns) == 2
    if any(_of_figures(column) for column in columns) and not two_pairs:
        return header
    again = any(name and name in column for name, column in zip(rows[header - 1], columns, strict=True))
    return 0 if again or len(columns) < 3 else header


def kind(cell: str) -> Kind:
    """A measure is a figure with words behind it or a currency's code before it: 6 months, EUR 0.43."""
    text = cell.strip()
    if _YEAR.match(text):
        return "year"
    if _DATE.match(text):
        return "date"
    if _FIGURE.match(text):
        return "figure"
    return "measure" if _MEASURE.match(text) else "text"


def _names_columns(row: Row, body: Sequence[Row]) -> bool:
    names = [cell for cell in row if cell]
    if len(names) < max(2, len(row) / 3):  # gaps may be columns grouped under one name
        return False
    if "" not in row and len(set(names)) < len(names):
        return False
    return all(not cell or _is_name(cell, [other[column] for other in body]) for column, cell in enumerate(row))


def _is_name(cell: str, below: Sequence[str]) -> bool:
    what = kind(cell)
    if what == "text":
        return len(cell) <= _LONGEST_NAME
    return what != "figure" and all(kind(other) != what for other in below)


def _of_figures(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell]
    return sum(kind(cell) != "text" for cell in filled) > len(filled) / 2
