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
    assert text("<p>Green <b>te</b>a,\n hot</p>now<ul><li>one<li>two</ul>a<br>b") == (
        "Green tea, hot\nnow\none\ntwo\na\nb\n"
    )


def test_a_table_is_read_row_by_row() -> None:
    assert text("<table><tr><th>Tea</th><th>Degrees</th></tr><tr><td><p>Green</p></td><td>80</td></tr></table>") == (
        "Tea | Degrees\nGreen | 80\n"
    )


def test_a_table_that_lays_out_a_page_keeps_its_headings() -> None:
    page = document("<table><tr><td>Menu</td><td><h2>Tea</h2><p>Hot.</p></td></tr></table>")
    assert page.text == "Menu\nTea\nHot.\n"
    assert [heading.title for heading in page.headings] == ["Tea"]


def test_a_row_whose_cells_are_wrapped_loses_nothing() -> None:
    assert text("<table><tr><form><td>a</td><td>b</td></form></tr></table>") == "a\nb\n"


def test_code_keeps_its_lines() -> None:
    assert text("<pre>x = 1\ny = 2</pre>") == "x = 1\ny = 2\n"


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
