from __future__ import annotations

import pytest

from rag.lexical import content_words
from rag.passage import Passage
from rag.table_row import Row, row_at
from tests.rag.small import alike

MARKDOWN = (
    "Sales:\n\n| Region | revenue | growth |\n|---|---|---|\n| North America | 58.9 | +11.8 % |\n| Asia | 46.5 | |\n"
)
CSV = 'article,name,use,price EUR\nPL-040,PulseLog 40,"pressure, two channels",690\n'
PDF = "Revenue\n2022 2021 2020\nServices 686 657 735 4 %\nTotal revenue $ 17,606 $ 15,785 $ (12) 12 %\n"


def row(text: str, line: str, file: str = "notes.md", columns: str = "") -> Row | None:
    start = 100 + text.index(line)
    passage = Passage(1, file, None, "", 100, 100 + len(text), text, None, columns)
    return row_at(passage, start, start + len(line))


def told(question: str, found: Row | None) -> str | None:
    assert found is not None
    return found.told(alike(content_words(question)))


def test_the_cell_under_the_column_that_the_question_names_is_told() -> None:
    america = row(MARKDOWN, "| North America | 58.9 | +11.8 % |")
    assert told("What was the revenue of North America?", america) == "North America, revenue: 58.9"
    assert told("What was the growth in North America?", america) == "North America, growth: +11.8 %"


def test_without_one_column_that_is_named_none_is_guessed() -> None:
    assert told("What about North America?", row(MARKDOWN, "| North America | 58.9 | +11.8 % |")) is None
    both = Row(("Region", "net revenue", "gross revenue"), ("Asia", "1", "2"))
    assert told("What was the revenue of Asia?", both) is None


def test_an_empty_cell_is_no_answer() -> None:
    assert told("What was the growth in Asia?", row(MARKDOWN, "| Asia | 46.5 | |")) is None


def test_a_row_of_two_cells_needs_no_name_of_a_column() -> None:
    pair = row("site | filled\nMilwaukee | 113", "Milwaukee | 113")
    assert told("How many people work in Milwaukee?", pair) == "Milwaukee, filled: 113"


def test_a_header_that_stands_in_an_earlier_passage_is_used() -> None:
    line = "Freight | CC-430 | 1420 | 1515"
    found = row(f"{line}\nRent | CC-431 | 8 | 9", line, "b.xlsx", "centre | code | first quarter | second quarter")
    assert told("What does freight have in the second quarter?", found) == "Freight, second quarter: 1515"


def test_a_row_of_groups_above_the_names_names_all_the_columns_below_each_group() -> None:
    text = " |  | First half |  | Second half\nWhat | Code | Q1 | Q2 | Q3 | Q4\nFreight | CC-1 | 14 | 15 | 16 | 17"
    line = text.splitlines()[2]
    for found in (row(text, line, "b.xlsx"), row(line, line, "b.xlsx", "\n".join(text.splitlines()[:2]))):
        assert found is not None
        assert found.names[2:] == ("First half Q1", "First half Q2", "Second half Q3", "Second half Q4")
        assert told("What does freight have in Q2?", found) == "Freight, First half Q2: 15"


def test_a_table_that_begins_within_the_passage_does_not_take_the_header_of_the_one_before() -> None:
    text = "Old | 1 | 2\n\nNew text.\n\nsite | leads | staff\nOslo | Berg | 7"
    found = row(text, "Oslo | Berg | 7", columns="other | names | here")
    assert found is not None
    assert found.names == ("site", "leads", "staff")


def test_a_csv_file_is_read_with_its_quotes() -> None:
    found = row(CSV, CSV.splitlines()[1], "prices.csv")
    assert told("What price in EUR has the PulseLog 40?", found) == "PulseLog 40, price EUR: 690"
    assert found is not None
    assert found.cells[2] == "pressure, two channels"


@pytest.mark.parametrize("line", ['PL-040,"never closed,690', "a,b\nc,d", "a,b\rc,d", 'a,"b"x,c'])
def test_what_is_no_single_csv_record_is_no_row(line: str) -> None:
    assert row(f"article,price,weeks\n{line}", line, "prices.csv") is None


def test_figures_of_a_pdf_stand_under_the_years_above_them() -> None:
    line = "Total revenue $ 17,606 $ 15,785 $ (12) 12 %"
    assert told("What was the total revenue in 2021?", row(PDF, line, "a.pdf")) == "Total revenue, 2021: $ 15,785"
    assert told("What was the total revenue in 2020?", row(PDF, line, "a.pdf")) == "Total revenue, 2020: $ (12)"


def test_a_currency_and_a_sign_belong_to_the_figure_beside_them() -> None:
    text = "2022 2021 2020\nTax rate 20.1 % $ (3) — % (3.2) %"
    found = row(text, text.splitlines()[1], "a.pdf")
    assert found is not None
    assert found.cells == ("Tax rate", "20.1 %", "$ (3)", "— %")


def test_a_long_run_of_figures_is_read_at_once() -> None:
    assert row(f"2022 2021\n{'1,000 % ' * 5_000} end", f"{'1,000 % ' * 5_000} end", "a.pdf") is None


def test_figures_without_a_line_of_years_or_with_fewer_or_more_are_no_row() -> None:
    assert row("2022 2021\nServices 686 12.0 657 11.0", "Services 686 12.0 657 11.0", "a.pdf") is None
    assert row("Revenue\nServices 686 657", "Services 686 657", "a.pdf") is None
    assert row("2022 2021 2020\nServices 686 657", "Services 686 657", "a.pdf") is None


def test_a_header_and_a_sentence_are_no_rows() -> None:
    assert row(MARKDOWN, "| Region | revenue | growth |") is None
    assert row("Tea is hot, and so on.", "Tea is hot, and so on.") is None


def test_cells_are_searched_under_the_names_of_their_columns() -> None:
    found = row(MARKDOWN, "| Asia | 46.5 | |")
    assert found is not None
    assert found.paired() == "Region Asia, revenue 46.5"
