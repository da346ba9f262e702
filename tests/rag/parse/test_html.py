from __future__ import annotations

import pytest

from rag.document import Document
from rag.parse.html import parse_html


def document(source: str | bytes) -> Document:
    parsed = parse_html(source.encode() if isinstance(source, str) else source)
    assert parsed.document is not None, parsed.reason
    return parsed.document


def text(source: str | bytes) -> str:
    return document(source).text


def test_blocks_begin_lines_and_inline_marks_do_not() -> None:
    assert text("<p>Green <b>te</b>a,\n hot</p>now<div>here</div>a<br>b") == "Green tea, hot\nnow\nhere\na\nb\n"


def test_items_of_lists_begin_with_a_dash() -> None:
    assert text("<ul><li>one<li><p>two</p><p>more</p><ol><li>deep</ol></ul><p>after") == (
        "- one\n- two\nmore\n- deep\nafter\n"
    )
    assert text("<ul><li></ul><p>after") == "after\n"


TEAS = "<tr><td><p>Green</p></td><td>80</td></tr><tr><td>Black</td><td>95</td></tr>"


def tables(source: str) -> list[tuple[str, str]]:
    """Header and body of each table."""
    page = document(source)
    return [
        (page.text[table.start : table.header_end], page.text[table.header_end : table.end]) for table in page.tables
    ]


@pytest.mark.parametrize(
    "header",
    [
        "<tr><th>Tea</th><th>Degrees</th></tr>",
        "<thead><tr><td>Tea</td><td>Degrees</td></tr></thead>",
        "<tr><td>Tea</td><td>Degrees</td></tr>",
    ],
)
def test_a_table_is_read_row_by_row_below_its_header(header: str) -> None:
    assert tables(f"<p>Hot:</p><table>{header}{TEAS}</table><p>after") == [
        ("Tea | Degrees\n", "Green | 80\nBlack | 95\n")
    ]


def test_rows_that_begin_with_a_header_cell_are_no_header() -> None:
    assert tables("<table><tr><th>Green</th><td>80</td></tr><tr><th>Black</th><td>95</td></tr></table>") == [
        ("", "Green | 80\nBlack | 95\n")
    ]


def test_a_caption_stands_above_its_table() -> None:
    source = f"<table><caption>Teas</caption>{TEAS}</table>"
    assert text(source) == "Teas\nGreen | 80\nBlack | 95\n"
    assert tables(source) == [("", "Green | 80\nBlack | 95\n")]


def test_a_cell_over_several_rows_or_columns_stands_in_the_first_of_them() -> None:
    rows = (
        "<tr><th>Tea</th><th colspan=2>Degrees</th><th>Tin</th></tr>"
        "<tr><td rowspan=2>Green</td><td>70</td><td>80</td><td>a</td></tr>"
        "<tr><td>75</td><td>85</td><td>b</td></tr><tr><td>Black</td><td>90</td><td>95</td><td>c</td></tr>"
    )
    assert text(f"<table>{rows}</table>") == (
        "Tea | Degrees |  | Tin\nGreen | 70 | 80 | a\n | 75 | 85 | b\nBlack | 90 | 95 | c\n"
    )


def test_columns_and_rows_without_any_text_are_left_out() -> None:
    assert text("<table><tr><td>a<td> <td>b<tr><td><td><td><tr><td>c<td><td></table>") == "a | b\nc\n"


@pytest.mark.parametrize(
    "layout",
    [
        f"<table role=presentation>{TEAS}</table>",
        f"<table><tr><td>Menu</td><td>{'long ' * 300}</td></tr>{TEAS}</table>",
        "<table><tr><td>One</td></tr><tr><td>below the other</td></tr></table>",
        "<table><tr><td>Menu</td><td><h2>Tea</h2></td></tr><tr><td>a</td><td>b</td></tr></table>",
    ],
)
def test_a_table_that_lays_out_a_page_is_none(layout: str) -> None:
    assert tables(layout) == []


def test_a_table_of_data_inside_of_one_that_lays_out_the_page_is_found() -> None:
    assert tables(f"<table><tr><td>Menu</td><td><table>{TEAS}</table></td></tr></table>") == [
        ("", "Green | 80\nBlack | 95\n")
    ]


def test_a_span_of_millions_of_columns_is_no_harm() -> None:
    assert text("<table><tr><th colspan=99999999>Tea</th><th>b</th></tr><tr><td>1<td>2</table>").startswith("Tea")


def test_a_table_that_lays_out_a_page_keeps_its_headings() -> None:
    page = document("<table><tr><td>Menu</td><td><h2>Tea</h2><p>Hot.</p></td></tr></table>")
    assert page.text == "Menu\nTea\nHot.\n"
    assert [heading.title for heading in page.headings] == ["Tea"]


def test_a_row_whose_cells_are_wrapped_loses_nothing() -> None:
    assert text("<table><tr><form><td>a</td><td>b</td></form></tr></table>") == "a\nb\n"


def test_code_keeps_its_lines() -> None:
    assert text("<pre>if x:\n    y = 2</pre>") == "if x:\n    y = 2\n"


@pytest.mark.parametrize(
    "unseen",
    [
        "<!DOCTYPE html>",
        "<!-- secret -->",
        "<?php secret ?>",
        "<script>secret</script>",
        "<style>secret</style>",
        "<nav><ul><li>secret</ul><nav>secret</nav></nav>",
        "<noscript><script>secret</script></noscript>",
        "<svg><title>secret</title></svg>",
        "<template>secret</template>",
    ],
)
def test_what_a_reader_of_the_page_does_not_see_is_left_out(unseen: str) -> None:
    assert text(f"{unseen}<p>Tea</p>") == "Tea\n"


def test_headings_begin_where_the_text_has_them() -> None:
    page = document("<h1>Tea</h1><p>Hot.</p><h3>In <i>a</i>\ntin</h3><p>Dry.</p><h2></h2>")
    assert [(heading.level, heading.title) for heading in page.headings] == [(1, "Tea"), (3, "In a tin")]
    for heading in page.headings:
        assert page.text.startswith(heading.title + "\n", heading.start)


def test_the_title_stands_in_for_a_missing_h1() -> None:
    page = document("<html><head><title>Tea</title></head><body><h2>Green</h2></body></html>")
    assert [(heading.level, heading.title, heading.start) for heading in page.headings] == [
        (1, "Tea", 0),
        (2, "Green", 4),
    ]


def test_very_deep_nesting_loses_nothing() -> None:
    assert text("<div>" * 5_000 + "deep" + "</div>" * 5_000 + "<p>after") == "deep\nafter\n"


@pytest.mark.parametrize(
    "source",
    [
        "<p>café".encode(),
        "<p>café".encode("utf-16"),
        '<meta charset="koi8-r"><p>café'.encode("utf-8-sig"),
        '<meta charset="utf-16"><p>café'.encode(),
        '<meta charset="no-such-charset"><p>café'.encode(),
        '<meta http-equiv="Content-Type" content="text/html; charset=mac-roman"><p>café'.encode("mac-roman"),
        '<?xml version="1.0" encoding="ISO-8859-1"?><html><body><p>café</p></body></html>'.encode("latin-1"),
    ],
)
def test_the_charset_is_the_mark_then_the_declared_one_then_a_guess(source: bytes) -> None:
    assert text(source) == "café\n"


def test_latin_1_means_windows_1252_as_in_browsers() -> None:
    assert text(b"<meta charset=iso-8859-1><p>\x93tea\x94 \x80 5") == "“tea” € 5\n"


def test_bytes_outside_every_charset_make_it_partial() -> None:
    parsed = parse_html(b"<meta charset=utf-8><p>caf\xe9")
    assert (parsed.outcome, parsed.document and parsed.document.text) == ("partial", "café\n")


@pytest.mark.parametrize("source", [b"", b"<html><body><script>x</script></body></html>"])
def test_a_page_that_shows_nothing_is_no_text(source: bytes) -> None:
    assert parse_html(source).outcome == "no_text"
