from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from rag.document import Document, Parsed
from rag.parse import xlsx
from rag.parse.xlsx import parse_xlsx
from tests.rag.parse.test_docx import replace

TEAS: list[list[Any]] = [["Tea", "Degrees"], ["Green", 80], ["Black", 95]]


def saved(path: Path, *rows: Sequence[Any], write: Callable[[Any], object] = lambda _: None) -> Path:
    """A workbook of one sheet, Teas, with these rows; `write` gets the book."""
    book = openpyxl.Workbook()
    book.active.title = "Teas"
    for row in rows:
        book.active.append(row)
    write(book)
    book.save(path / "a.xlsx")
    return path / "a.xlsx"


def document(parsed: Parsed) -> Document:
    assert parsed.document is not None, parsed.reason
    return parsed.document


def tables(read: Document) -> list[tuple[str, str]]:
    """Header and body of each table."""
    return [
        (read.text[table.start : table.header_end], read.text[table.header_end : table.end]) for table in read.tables
    ]


def titles(read: Document) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in read.headings]


def test_a_sheet_is_a_heading_and_its_table(tmp_path: Path) -> None:
    read = document(parse_xlsx(saved(tmp_path, *TEAS)))
    assert read.text == "Teas\nTea | Degrees\nGreen | 80\nBlack | 95\n"
    assert titles(read) == [(1, "Teas")]
    assert tables(read) == [("Tea | Degrees\n", "Green | 80\nBlack | 95\n")]
    assert [page.number for page in read.pages] == [None]


def test_empty_rows_part_tables_and_empty_columns_are_left_out(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        [],
        [None, None, "Tea", None, "g"],
        [None, None, "Green", None, 5],
        [],
        [None],
        ["Tin", 1],
        ["Box", 2],
    ]
    read = document(parse_xlsx(saved(tmp_path, *rows)))
    assert tables(read) == [("", "Tea | g\nGreen | 5\n"), ("", "Tin | 1\nBox | 2\n")]


@pytest.mark.parametrize("between", [[], [[]], [[], []]])
def test_a_single_cell_above_a_table_is_its_title(tmp_path: Path, between: list[list[Any]]) -> None:
    read = document(parse_xlsx(saved(tmp_path, ["How hot"], *between, *TEAS)))
    assert titles(read) == [(1, "Teas"), (2, "How hot")]
    assert tables(read) == [("Tea | Degrees\n", "Green | 80\nBlack | 95\n")]


def test_a_column_of_text_is_text(tmp_path: Path) -> None:
    read = document(parse_xlsx(saved(tmp_path, ["Keep dry."], ["Keep dark."], ["word " * 40])))
    assert read.text == f"Teas\nKeep dry.\nKeep dark.\n{' '.join(['word'] * 40)}\n"
    assert (titles(read), read.tables) == ([(1, "Teas")], ())


def test_cells_are_shown_as_their_formats_say(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        for cell, shown in zip(book.active[2], ("General", "0.0%", '#,##0.00 "€"', "yyyy-mm-dd"), strict=True):
            cell.number_format = shown

    row = ["Green", 0.125, 1234.5, date(2024, 3, 1)]
    read = document(parse_xlsx(saved(tmp_path, ["Tea", "Share", "Price", "Since"], row, write=write)))
    assert read.text.endswith("Green | 12.5% | 1234.50 € | 2024-03-01\n")


def test_a_hidden_sheet_is_read_and_says_so_and_an_empty_one_is_passed_over(tmp_path: Path) -> None:
    def write(book: Any) -> None:
        book.create_sheet("Empty")
        hidden = book.create_sheet("Old")
        hidden.append(["Oolong", 90])
        hidden.sheet_state = "veryHidden"

    read = document(parse_xlsx(saved(tmp_path, *TEAS, write=write)))
    assert titles(read) == [(1, "Teas"), (1, "Old (hidden sheet)")]
    assert read.text.endswith("Old (hidden sheet)\nOolong | 90\n")


def test_formulas_without_a_stored_value_are_counted_and_the_others_read(tmp_path: Path) -> None:
    path = saved(tmp_path, *TEAS, ["All", "=SUM(B2:B3)"], ["Mean", "=AVERAGE(B2:B3)"])
    parsed = parse_xlsx(path)
    assert (parsed.outcome, parsed.reason) == (
        "partial",
        "2 formulas without a stored value: open it in Excel and save it",
    )
    assert document(parsed).text.endswith("Black | 95\nAll\nMean\n")

    def compute(sheet: str) -> str:
        number, text = sheet.index('<c r="B4"'), sheet.index('<c r="B5"')
        return (
            f'{sheet[:number]}<c r="B4"><f>SUM(B2:B3)</f><v>175</v></c></row><row r="5"><c r="A5" t="inlineStr">'
            f'<is><t>Mean</t></is></c><c r="B5" t="str"><f>""</f><v></v></c>{sheet[sheet.index("</row>", text) :]}'
        )

    parsed = parse_xlsx(replace(path, "xl/worksheets/sheet1.xml", compute))
    assert (parsed.outcome, parsed.reason) == ("indexed", None)
    assert document(parsed).text.endswith("Black | 95\nAll | 175\nMean\n")


@pytest.mark.parametrize("stated", ["A1", "A1:A1048576", "B2:B2"])
def test_a_wrong_size_in_the_file_hides_nothing(tmp_path: Path, stated: str) -> None:
    path = saved(tmp_path, *TEAS)
    replace(path, "xl/worksheets/sheet1.xml", lambda sheet: sheet.replace('ref="A1:B3"', f'ref="{stated}"', 1))
    assert document(parse_xlsx(path)).text == "Teas\nTea | Degrees\nGreen | 80\nBlack | 95\n"


def test_too_many_cells_make_it_partial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_CELLS", 5)
    parsed = parse_xlsx(saved(tmp_path, *TEAS))
    assert (parsed.outcome, parsed.reason) == ("partial", "more than 5 cells: Teas is read up to row 2")
    assert document(parsed).text == "Teas\nTea | Degrees\nGreen | 80\n"


def test_a_damaged_sheet_leaves_the_others(tmp_path: Path) -> None:
    path = saved(tmp_path, *TEAS, write=lambda book: book.create_sheet("Tins").append(["Tin", 1]))
    parsed = parse_xlsx(replace(path, "xl/worksheets/sheet1.xml", lambda sheet: sheet[:-40]))
    assert parsed.outcome == "partial"
    assert (parsed.reason or "").startswith("sheet Teas is damaged: ")
    assert document(parsed).text.endswith("Tins\nTin | 1\n")


def test_a_file_with_macros_is_read(tmp_path: Path) -> None:
    path = replace(
        saved(tmp_path, *TEAS),
        "[Content_Types].xml",
        lambda types: types.replace(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
            "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        ),
    )
    assert len(document(parse_xlsx(path.rename(tmp_path / "a.xlsm"))).tables) == 1


def test_an_empty_workbook_is_no_text(tmp_path: Path) -> None:
    assert parse_xlsx(saved(tmp_path)).outcome == "no_text"


def test_a_file_cut_off_is_failed(tmp_path: Path) -> None:
    path = saved(tmp_path, *TEAS)
    path.write_bytes(path.read_bytes()[:-500])
    parsed = parse_xlsx(path)
    assert parsed.outcome == "failed"
    assert (parsed.reason or "").startswith("damaged: ")


def test_a_workbook_without_its_workbook_is_failed(tmp_path: Path) -> None:
    path = saved(tmp_path, *TEAS)
    with zipfile.ZipFile(path) as archive:
        types = archive.read("[Content_Types].xml")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", types)
    assert parse_xlsx(path).outcome == "failed"
