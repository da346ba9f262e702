"""Excel files: each sheet a heading and its tables, cells as they are shown.

Hidden sheets are read and say so in their heading; hidden rows and columns are read as others. Charts, comments and
pivot caches are left out. Formulas give the value that was stored with them.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from rag.document import Parsed
from rag.parse import package
from rag.parse.cell import shown
from rag.parse.grid import Row
from rag.parse.writer import Writer

MAX_CELLS = 500_000
"""With the empty ones between others: some ten seconds of reading."""

_SHEET = re.compile(r"/worksheets/[^/]+\.xml$")
_CELL_WITHOUT_VALUE = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)><(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v ?/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
_LONGEST_TITLE = 120


def parse_xlsx(path: Path) -> Parsed:
    refused = package.refusal(path, package.EXCEL)
    if refused:
        return refused
    reading = _Reading()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl does not keep, nobody misses in a text
            reading.workbook(path)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # a broken part breaks openpyxl in whatever way
        return package.damaged(error)
    return reading.writer.parsed("; ".join(reading.troubles) or None)


@dataclass(slots=True)
class _Reading:
    writer: Writer = field(default_factory=Writer)
    troubles: list[str] = field(default_factory=list)
    cells: int = 0

    def workbook(self, path: Path) -> None:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in book.worksheets:
                self._sheet(sheet)
        finally:
            book.close()
        missing = _formulas_without_value(path)
        if missing:
            formulas = "1 formula" if missing == 1 else f"{missing:,} formulas"
            self.troubles.append(f"{formulas} without a stored value: open it in Excel and save it")

    def _sheet(self, sheet: Any) -> None:
        sheet.reset_dimensions()  # what a file states of its size is often wrong
        rows = []
        try:
            rows = self._rows(sheet)
        except (MemoryError, OSError):
            raise
        except Exception as error:  # the other sheets may be whole
            self.troubles.append(f"sheet {sheet.title} is damaged: {str(error)[:100]}")
        if any(map(any, rows)):
            hidden = "" if sheet.sheet_state == "visible" else " (hidden sheet)"
            self.writer.heading(1, f"{sheet.title}{hidden}")
            for block in _blocks(rows):
                self._block(block)

    def _rows(self, sheet: Any) -> list[list[str]]:
        rows: list[list[str]] = []
        for row in sheet.iter_rows():
            self.cells += len(row)
            if self.cells > MAX_CELLS:
                self.troubles.append(f"more than {MAX_CELLS:,} cells: {sheet.title} is read up to row {len(rows):,}")
                break
            rows.append([shown(cell.value, cell.number_format) for cell in row])
        return rows

    def _block(self, rows: Sequence[Row]) -> None:
        """Lines of one cell above a table are its title; a block without any other is text."""
        titles = [_single(row) for row in rows]
        above = next((number for number, title in enumerate(titles) if not title), len(rows))
        for number, title in enumerate(titles[:above]):
            if number == 0 and above < len(rows) and len(title) <= _LONGEST_TITLE:
                self.writer.heading(2, title)
            else:
                self.writer.write(title)
        if above < len(rows):
            self.writer.table(rows[above:])


def _blocks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Rows between empty ones; a single cell standing alone belongs to what comes below it."""
    block: list[Row] = []
    for row in rows:
        if any(row):
            block.append(row)
        elif len(block) > 1 or (block and not _single(block[0])):
            yield block
            block = []
    if block:
        yield block


def _single(row: Row) -> str:
    """The text of a row's only filled cell; empty where it has more."""
    filled = [cell for cell in row if cell]
    return filled[0] if len(filled) == 1 else ""


def _formulas_without_value(path: Path) -> int:
    """Programs that write formulas without computing them leave the value out; openpyxl does not tell."""
    with zipfile.ZipFile(path) as archive:
        sheets = (archive.read(name) for name in archive.namelist() if _SHEET.search(name))
        cells = (attributes for sheet in sheets for attributes in _CELL_WITHOUT_VALUE.findall(sheet))
        return sum(b't="str"' not in attributes for attributes in cells)  # such a one holds an empty text
