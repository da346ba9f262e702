"""Texts found word for word."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.errors import DocumentsError
from rag.exact import lines_holding, plain
from rag.index import Index
from tests.rag.small import WordEncoder, fill, passages, write_pdf


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("exact")
    folder = fill(
        root / "docs",
        {
            "a.md": "# Tea\n\nThe code is AB_1%.\nIt holds don’t and Ångström,\nfor 100 percent.\n",
            "b/c.md": "# Tea\n\nAnother tea with CODE\n  is folded.\n",
            'it\'s "odd".md': "Odd tea.\n",
        },
    )
    write_pdf(folder / "d.pdf", "Tea on page one.", "Tea on page two.")
    with Index.open(folder, index=root / "index", encoder=WordEncoder()) as opened:
        opened.sync()
        yield opened


def found(index: Index, text: str, file: str | None = None) -> list[str]:
    return [hit.passage.file for hit in index.find(text, file).hits]


def test_case_and_white_space_do_not_count(index: Index) -> None:
    assert found(index, "code IS") == ["a.md", "b/c.md"]
    assert found(index, "ångström,  for\n100") == ["a.md"]


def test_typed_marks_find_typographic_ones_and_composed_letters_decomposed_ones(index: Index) -> None:
    assert found(index, "don't") == ["a.md"]
    assert found(index, "A\u030angstro\u0308m") == ["a.md"]


@pytest.mark.parametrize("text", ["AB%", "A__1", "code*", "%", "_", "c.de"])
def test_nothing_is_a_wildcard(index: Index, text: str) -> None:
    held = [file for file in found(index, text) if file != "a.md"]
    assert held == []
    assert index.find("AB_1%").passages == 1


@pytest.mark.parametrize("text", ["", "  ", "\0", "x\0y", "'; DROP TABLE passages; --", '"', "a" * 1_000_000, "\\"])
def test_odd_texts_are_harmless(index: Index, text: str) -> None:
    assert index.find(text).hits == ()
    assert index.passages > 0


def test_one_file_alone_is_looked_into_where_it_is_named(index: Index) -> None:
    assert found(index, "tea", "b/c.md") == ["b/c.md"]
    assert found(index, "tea", 'it\'s "odd".md') == ['it\'s "odd".md']
    assert found(index, "tea", "b/%") == []


def test_hits_are_bounded_and_all_are_counted(index: Index) -> None:
    matches = index.find("tea", limit=2)
    assert len(matches.hits) == 2
    assert matches.passages == 5


def test_the_lines_that_a_text_stands_in_are_shown_as_they_are(index: Index) -> None:
    assert index.find("code is folded").hits[0].lines == "Another tea with CODE\nis folded."
    assert index.find("ab_1%").hits[0].lines == "The code is AB_1%."


def test_empty_lines_do_not_move_the_place() -> None:
    (passage,) = passages("\n\none\n\n\ntwo three\n\nfour\n")
    assert lines_holding(passage, "THREE four") == "two three\n\nfour"
    assert lines_holding(passage, "one") == "one"
    assert lines_holding(passage, "five") == ""


def test_plain_text_is_its_own_plain_form() -> None:
    assert plain(plain("Straße  “A”–b\u00ad")) == plain("Straße  “A”–b\u00ad") == 'strasse "a"-b'


def test_extents_tell_passages_and_pages_of_each_file(index: Index) -> None:
    extents = {one.file: (one.pages, one.passages) for one in index.extents()}
    assert extents == {"a.md": (None, 1), "b/c.md": (None, 1), "d.pdf": (2, 2), 'it\'s "odd".md': (None, 1)}


def test_an_index_that_is_closed_under_a_read_closes_when_the_read_is_done(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"a.md": "Tea."})
    index = Index.open(folder, index=tmp_path / "index", encoder=WordEncoder())
    index.sync()
    with index.held(), index.held():
        index.close()
        assert found(index, "tea") == ["a.md"]
        with pytest.raises(DocumentsError, match="closed"), index.held():
            pass
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        index._database.count()
