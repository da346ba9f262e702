from __future__ import annotations

import pytest

from rag.parse.markdown import headings, parse_markdown


def titles(text: str) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in headings(text)]


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
    assert [text[: heading.start].count(newline) for heading in headings(text)] == [3, 7, 10]
    assert [text[heading.start] for heading in headings(text)] == ["#", "S", "#"]


def test_the_text_is_the_file_itself() -> None:
    source = "# Tea\r\n\r\n*Green* tea.\n"
    parsed = parse_markdown(source.encode())
    assert parsed.outcome == "indexed"
    assert parsed.document is not None
    assert parsed.document.text == source


def test_a_file_without_text_has_no_document() -> None:
    assert parse_markdown(b"\n\n").outcome == "no_text"
