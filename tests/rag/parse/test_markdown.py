from __future__ import annotations

import pytest

from rag.document import Table
from rag.parse.markdown import parse_markdown, structure


def titles(text: str) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in structure(text)[0]]


def test_atx_and_setext_headings_have_their_levels() -> None:
    assert titles("# One\n\nTwo\nlines\n===\n\n### Three ###\n\nFour\n---\n") == [
        (1, "One"),
        (1, "Two lines"),
        (3, "Three"),
        (2, "Four"),
    ]


def test_marks_inside_a_heading_are_taken_out() -> None:
    assert titles("## The `num_ctx` of **Ollama**, [see](x.md)\n") == [(2, "The num_ctx of Ollama, see")]


@pytest.mark.parametrize(
    "text",
    [
        "```\n# no\n```\n",
        "~~~sh\n# no\n~~~\n",
        "    # no\n",
        "---\ntitle: no\n# no\n---\n",
        "- # no\n",
        "> # no\n",
        "#no\n",
    ],
)
def test_what_only_looks_like_a_heading_is_none(text: str) -> None:
    assert titles(text) == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_heading_begins_where_the_file_has_it(newline: str) -> None:
    lines = ["---", "title: x", "---", "# Añil", "", "a\x0cb\x85c", "", "Second", "------", "", "## Third"]
    text = newline.join(lines)
    found = structure(text)[0]
    assert [text[: heading.start].count(newline) for heading in found] == [3, 7, 10]
    assert [text[heading.start] for heading in found] == ["#", "S", "#"]


def parts(text: str, table: Table) -> tuple[str, str]:
    """A table's header and its body."""
    return text[table.start : table.header_end], text[table.header_end : table.end]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_table_is_its_lines_with_the_rule_in_the_header(newline: str) -> None:
    lines = ["Tea:", "", "| Tea | °C |", "|-----|---:|", "| Green | 80 |", "| Black | 95 |", "", "Hot."]
    text = newline.join(lines)
    (table,) = structure(text)[1]
    assert parts(text, table) == (newline.join([*lines[2:4], ""]), newline.join([*lines[4:6], ""]))


def test_tables_in_quotes_and_at_the_end_of_the_file_are_found() -> None:
    text = "> Tea | °C\n> -|-\n> Green | 80\n\n| Tin | g |\n|-|-|\n| Small | 50 |"
    quoted, last = structure(text)[1]
    assert parts(text, quoted) == ("> Tea | °C\n> -|-\n", "> Green | 80\n")
    assert parts(text, last) == ("| Tin | g |\n|-|-|\n", "| Small | 50 |")


def test_a_table_without_rows_is_all_header() -> None:
    text = "| Tea | °C |\n|-|-|\n"
    assert [parts(text, table) for table in structure(text)[1]] == [(text, "")]


@pytest.mark.parametrize("text", ["| Tea | °C |\n", "```\n| Tea | °C |\n|-|-|\n```\n"])
def test_what_only_looks_like_a_table_is_none(text: str) -> None:
    assert structure(text)[1] == ()


def test_the_text_is_the_file_itself() -> None:
    source = "# Tea\r\n\r\n*Green* tea.\n"
    parsed = parse_markdown(source.encode())
    assert parsed.outcome == "indexed"
    assert parsed.document is not None
    assert parsed.document.text == source


def test_a_file_without_text_has_no_document() -> None:
    assert parse_markdown(b"\n\n").outcome == "no_text"
