"""Writes the Word, Excel and PDF files of policies/docs from the Markdown in policies/sources.

    python corpora/make_policies_office.py [TARGET]

NAME.docx.md becomes NAME.docx, and so on. In a workbook a heading of level 1 is a sheet and one of level 2 its
title; an empty cell of a table's first row continues the cell before it (they are merged), a row in bold is a second
header, and a cell such as `=SUM(C5:C8)` is a formula, stored with its value, in per cent where it ends in " %".
In a PDF a heading of level 1 begins a page. Dates, names and the archives' clocks are fixed, so that the files are
the same on every run.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import docx
import xlsxwriter
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Table
from xlsxwriter.utility import xl_cell_to_rowcol, xl_rowcol_to_cell

MADE_WITH = {"python-docx": "1.2.0", "reportlab": "5.1.0", "xlsxwriter": "3.3.1"}
"""The libraries that wrote the committed files; others may write the same content in other bytes."""

CORPUS = Path(__file__).parent / "policies"
SOURCES = CORPUS / "sources"
FOLDERS = {
    "annual-report-2023": "reports",
    "budget-2023": "finance",
    "budget-2024": "finance",
    "employment-handbook-2023": "people",
    "supplier-contracts": "procurement",
    "travel-and-expenses-2024": "travel",
}
COMPANY = "Calderwisk Instruments"
WRITTEN = datetime(2024, 3, 1, 9, 0)

NUMBER = re.compile(r"-?\d[\d,]*(\.\d+)?%?$")
REFERENCE = re.compile(r"(?:'([^']+)'!)?([A-Z]\d+)(?::([A-Z]\d+))?")


class Block(NamedTuple):
    """One block of a source; `rows` of a table, `items` of a list."""

    kind: str
    text: str = ""
    level: int = 0
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(source: Path) -> Iterator[Block]:
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(source.read_text("utf-8")))
    for node in tree.children:
        if node.type == "heading":
            yield Block("heading", words(node), level=int(node.tag[1]))
        elif node.type == "table":
            rows = (row for part in node.children for row in part.children)
            yield Block("table", rows=tuple(tuple(map(words, row.children)) for row in rows))
        elif node.type in ("bullet_list", "ordered_list"):
            yield Block(node.type, items=tuple(map(words, node.children)))
        else:
            yield Block("paragraph", words(node))


def words(node: SyntaxTreeNode) -> str:
    """The source's text of a node, on one line."""
    return " ".join(part.content.replace("\n", " ") for part in node.walk() if part.type == "inline")


def write_docx(source: Path, target: Path) -> None:
    document = docx.Document()
    properties = document.core_properties
    properties.author = properties.last_modified_by = COMPANY
    properties.created = properties.modified = WRITTEN
    properties.comments = ""
    for block in blocks(source):
        match block.kind:
            case "heading":
                document.add_heading(block.text, 0 if block.level == 1 else block.level - 1)
                properties.title = properties.title or block.text
            case "table":
                _docx_table(document, block.rows)
            case "paragraph":
                document.add_paragraph(block.text)
            case _:
                style = "List Bullet" if block.kind == "bullet_list" else "List Number"
                for item in block.items:
                    document.add_paragraph(item, style)
    document.save(str(target))


def _docx_table(document: Any, rows: tuple[tuple[str, ...], ...]) -> None:
    table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
    for cells, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(cells.cells, row, strict=True):
            cell.text = text
    for cell in table.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
    document.add_paragraph()


class Sheet:
    """The cells of a sheet as they stand in the source, by their name; titles, headers, merged ranges."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cells: dict[str, str] = {}
        self.bold: set[str] = set()
        self.merged: list[tuple[str, str]] = []
        self._row = 0

    def add(self, block: Block) -> None:
        if block.kind != "table":
            self._put(0, block.text, bold=block.kind == "heading")
            self._row += 1
            return
        self._row += 1
        self._merge(block.rows[0])
        for number, row in enumerate(block.rows):
            for column, text in enumerate(row):
                self._put(column, text.strip("*"), bold=number == 0 or text.startswith("**"))
            self._row += 1

    def _put(self, column: int, text: str, bold: bool) -> None:
        if text:
            self.cells[xl_rowcol_to_cell(self._row, column)] = text
            if bold:
                self.bold.add(xl_rowcol_to_cell(self._row, column))

    def _merge(self, header: tuple[str, ...]) -> None:
        starts = [column for column, text in enumerate(header) if text]
        for start, after in zip(starts, [*starts[1:], len(header)], strict=True):
            if after > start + 1:
                self.merged.append((xl_rowcol_to_cell(self._row, start), xl_rowcol_to_cell(self._row, after - 1)))


class Book(dict[str, Sheet]):
    """Sheets by name, with what their formulas come to: sums of ranges, and the four operations."""

    def number(self, sheet: str, cell: str) -> float:
        text = self[sheet].cells.get(cell, "0").removesuffix(" %")
        if not text.startswith("="):
            return float(text.replace(",", ""))
        plain = REFERENCE.sub(lambda found: self._value(found, sheet), text[1:].replace("SUM", "sum"))
        return float(eval(plain))

    def _value(self, found: re.Match[str], sheet: str) -> str:
        where, first, last = found[1] or sheet, found[2], found[3]
        if last is None:
            return repr(self.number(where, first))
        (top, left), (bottom, right) = xl_cell_to_rowcol(first), xl_cell_to_rowcol(last)
        cells = [xl_rowcol_to_cell(row, col) for row in range(top, bottom + 1) for col in range(left, right + 1)]
        return repr([self.number(where, cell) for cell in cells])


def write_xlsx(source: Path, target: Path) -> None:
    book = Book()
    for block in blocks(source):
        if block.kind == "heading" and block.level == 1:
            sheet = book[block.text] = Sheet(block.text)
        else:
            sheet.add(block)
    with xlsxwriter.Workbook(str(target), {"in_memory": True}) as file:
        file.set_properties({"author": COMPANY, "created": WRITTEN})
        for sheet in book.values():
            _write_sheet(file, sheet, book)


def _write_sheet(file: Any, sheet: Sheet, book: Book) -> None:
    page = file.add_worksheet(sheet.name)
    page.set_column(0, 8, 18)
    for first, last in sheet.merged:
        page.merge_range(f"{first}:{last}", "", file.add_format({"bold": True, "align": "center"}))
    for cell, text in sheet.cells.items():
        looks: dict[str, Any] = {"bold": True} if cell in sheet.bold else {}
        if text.startswith("="):
            looks["num_format"] = "0.0%" if text.endswith(" %") else "#,##0"
            value = round(book.number(sheet.name, cell), 9)
            page.write_formula(cell, text.removesuffix(" %"), file.add_format(looks), value)
        elif re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            page.write_datetime(cell, date.fromisoformat(text), file.add_format(looks | {"num_format": "yyyy-mm-dd"}))
        elif NUMBER.match(text) and cell not in sheet.bold:
            page.write_number(cell, *_number(text, file))
        else:
            page.write_string(cell, text, file.add_format(looks))


def _number(text: str, file: Any) -> tuple[float, Any]:
    decimals = len(text.rstrip("%").partition(".")[2])
    places = "0." + "0" * decimals if decimals else "0"
    if text.endswith("%"):
        return round(float(text[:-1]) / 100, 9), file.add_format({"num_format": places + "%"})
    return float(text.replace(",", "")), file.add_format({"num_format": places if decimals else "#,##0"})


BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10.5, leading=15, spaceAfter=7)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=9.5, leading=12, spaceAfter=0)
HEAD = ParagraphStyle("head", parent=CELL, fontName="Helvetica-Bold")
TITLES = {
    1: ParagraphStyle("chapter", parent=BODY, fontName="Helvetica-Bold", fontSize=18, leading=23, spaceAfter=9),
    2: ParagraphStyle("section", parent=BODY, fontName="Helvetica-Bold", fontSize=12.5, leading=16, spaceBefore=8),
}


class Report(SimpleDocTemplate):  # type: ignore[misc]  # reportlab has no types
    """Adds every heading to the outline as it is placed."""

    def afterFlowable(self, flowable: Flowable) -> None:
        if isinstance(flowable, Paragraph) and flowable.style in TITLES.values():
            text = flowable.getPlainText()
            self.canv.bookmarkPage(f"{self.page}-{text}")
            self.canv.addOutlineEntry(text, f"{self.page}-{text}", level=int(flowable.style is TITLES[2]), closed=True)


def write_pdf(source: Path, target: Path) -> None:
    margins = {"leftMargin": 24 * mm, "rightMargin": 24 * mm, "topMargin": 20 * mm, "bottomMargin": 20 * mm}
    properties = {"title": next(blocks(source)).text, "author": COMPANY, "lang": "en"}
    report = Report(str(target), pagesize=A4, invariant=1, pageCompression=0, **margins, **properties)
    report.build(list(_story(source, report.width - 12))[1:], onFirstPage=_footer, onLaterPages=_footer)


def _story(source: Path, width: float) -> Iterator[Flowable]:
    for block in blocks(source):
        if block.kind == "heading":
            if block.level == 1:
                yield PageBreak()
            yield Paragraph(block.text, TITLES[block.level])
        elif block.kind == "table":
            cells = [[Paragraph(text, CELL if n else HEAD) for text in row] for n, row in enumerate(block.rows)]
            rule = ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#b8c2cc"))
            yield Table(cells, colWidths=[width / len(cells[0])] * len(cells[0]), style=[rule], spaceAfter=8)
        else:
            yield Paragraph(block.text, BODY)


def _footer(canvas: Any, report: Any) -> None:
    canvas.setFont("Helvetica", 8.5)
    canvas.drawString(report.leftMargin + 6, 11 * mm, f"{COMPANY}: {report.title.lower()}")
    canvas.drawRightString(A4[0] - report.rightMargin - 6, 11 * mm, f"Page {canvas.getPageNumber()}")


def set_clocks(archive: Path) -> None:
    """Packs an office file again with the same date for every part."""
    packed = io.BytesIO()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, WRITTEN.timetuple()[:6])
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    archive.write_bytes(packed.getvalue())


WRITERS = {".docx": write_docx, ".xlsx": write_xlsx, ".pdf": write_pdf}


def build(target: Path = CORPUS / "docs") -> None:
    for source in sorted(SOURCES.iterdir()):
        name = source.stem  # still with the suffix of what is made
        made = target / FOLDERS[Path(name).stem] / name
        made.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[made.suffix](source, made)
        if made.suffix != ".pdf":
            set_clocks(made)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS / "docs")
