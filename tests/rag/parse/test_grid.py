from __future__ import annotations

import pytest

from rag.parse.grid import Kind, header_rows, kind, line, without_gaps


def table(text: str) -> list[list[str]]:
    """Rows of words; a dot is an empty cell."""
    return [["" if cell == "." else cell for cell in row.split()] for row in text.splitlines()]


@pytest.mark.parametrize(
    "rows",
    [
        "Tea Price\nGreen 4.50\nBlack 3.90",
        "Tea 2023 2024\nGreen 40 45\nBlack 38 39",
        ". 2024-01-01 2024-02-01\nGreen 40 45\nBlack 38 39",
        "Tea . Price\nGreen big 4.50\nBlack small 3.90",
        "Name Role Team\nAnn lead red\nBob cook blue",
        "Year Revenue\n2021 $800K\n2022 $900K",
        "Tea Price\nGreen 4.50\nBlack .\nWhite 9",
        "Tea Price\nGreen EUR4\nBlack EUR3",
        "Owed 30days 60days\nAnn 5 6\nBob 7 8",
    ],
)
def test_the_first_row_names_the_columns(rows: str) -> None:
    assert header_rows(table(rows)) == 1


@pytest.mark.parametrize(
    "rows",
    [
        "Tea Price",
        "Green 4.50\nBlack 3.90",
        "Green EUR4\nBlack EUR3\nWhite EUR2",
        "Leipzig 2019 5\nDresden 2020 6",
        "Ann 2024-01-01 5\nBob 2024-02-01 6",
        "Ann lead red\nBob lead blue",
        "Author Ann\nTeam red",
        "Author Ann\nDate 2024-01-01",
        ". . . Note\nGreen 1 2 a\nBlack 3 4 b",
        f"{'long' * 30} Price\nGreen 4.50\nBlack 3.90",
    ],
)
def test_a_first_row_that_could_be_data_is_no_header(rows: str) -> None:
    assert header_rows(table(rows)) == 0


def test_a_row_that_groups_columns_takes_the_next_one_with_it() -> None:
    assert header_rows(table(". Units . Price .\nTea 2023 2024 was is\nGreen 1 2 3 4\nBlack 5 6 7 8")) == 2


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2023", "year"),
        ("FY2023", "year"),
        ("2024-01-31", "date"),
        ("31.1.2024", "date"),
        ("2024-01-31 09:30", "date"),
        ("1,234.50", "figure"),
        ("-5", "figure"),
        ("(12.5)", "figure"),
        ("12.5 %", "figure"),
        ("$ 3", "figure"),
        ("3.50 €", "figure"),
        ("1e-5", "figure"),
        ("$800K", "figure"),
        ("3 cups", "measure"),
        ("EUR 0.43", "measure"),
        ("EUR", "text"),
        ("Q1", "text"),
        ("", "text"),
        ("-", "text"),
    ],
)
def test_figures_dates_and_years_are_told_from_text(cell: str, expected: Kind) -> None:
    assert kind(cell) == expected


def test_a_line_is_the_folded_cells_between_bars_without_empty_ones_at_the_end() -> None:
    assert line(["a\n b", "", "c", "", ""]) == "a b |  | c"


def test_rows_and_columns_without_any_text_go_and_short_rows_are_filled() -> None:
    assert without_gaps([["a", "", "b"], [], ["", "", ""], ["c"]]) == [["a", "b"], ["c", ""]]
