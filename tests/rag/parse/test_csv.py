from __future__ import annotations

import pytest

from rag.parse.csv import find_table, parse_csv


def parts(text: str) -> tuple[str, str, str]:
    """What stands above the table, its header, its body."""
    table = find_table(text)
    assert table is not None
    assert table.end == len(text)
    return text[: table.start], text[table.start : table.header_end], text[table.header_end :]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_each_delimiter_is_found_and_the_first_line_is_the_header(delimiter: str, newline: str) -> None:
    rows = [["Tea", "Price"], ["Green", "4"], ["Black", "3"]]
    text = newline.join(delimiter.join(row) for row in rows)
    header = delimiter.join(rows[0]) + newline
    assert parts(text) == ("", header, text.removeprefix(header))


def test_a_decimal_comma_and_a_comma_in_a_sentence_separate_nothing() -> None:
    text = "Tea;Price;Note\nGreen;4,50;mild, fresh\nBlack;3,90;strong, dark\n"
    assert parts(text)[1] == "Tea;Price;Note\n"


def test_a_quoted_cell_may_hold_lines() -> None:
    text = '"Tea\n(leaf)",Price\n"Green,\nmild",4\nBlack,3\n'
    assert parts(text) == ("", '"Tea\n(leaf)",Price\n', '"Green,\nmild",4\nBlack,3\n')


@pytest.mark.parametrize("above", ["sep=;\n", "Prices of 2024\n\n", "Prices of 2024;\n;\n"])
def test_lines_above_the_table_are_none_of_it(above: str) -> None:
    assert parts(above + "Tea;Price\nGreen;4\nBlack;3\n") == (above, "Tea;Price\n", "Green;4\nBlack;3\n")


def test_a_table_without_header_is_all_body() -> None:
    assert parts("1,2\n3,4\n") == ("", "", "1,2\n3,4\n")


@pytest.mark.parametrize("text", ["Tea\nGreen\nBlack\n", "Tea,Price\n", "\n\n", 'a,b\n"never closed\n' + "x" * 200_000])
def test_one_column_one_row_or_an_unclosed_quote_is_no_table(text: str) -> None:
    assert find_table(text) is None


def test_a_long_file_is_judged_by_its_beginning() -> None:
    text = "Tea,Price\n" + "Green,4\n" * 100_000
    assert parts(text)[:2] == ("", "Tea,Price\n")


def test_the_text_is_the_file_itself() -> None:
    parsed = parse_csv("Tée;Price\r\nGreen;4\r\n".encode("windows-1252"))
    assert parsed.outcome == "partial"
    assert parsed.document is not None
    assert parsed.document.text == "Tée;Price\r\nGreen;4\r\n"
    assert len(parsed.document.tables) == 1


@pytest.mark.parametrize(("data", "outcome"), [(b"\n\n", "no_text"), (b"a,\0b\n", "failed")])
def test_what_holds_no_text_has_no_document(data: bytes, outcome: str) -> None:
    parsed = parse_csv(data)
    assert (parsed.outcome, parsed.document) == (outcome, None)
