from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inference.errors import DocumentsError, FolderError, IndexFormatError
from rag.encoder import SentenceEncoder
from rag.index import Index, default_location
from tests.rag.held_sync import let_on, start
from tests.rag.small import TEA, WordEncoder, fill, write_pdf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "docs", {"tea.md": TEA})


@pytest.fixture
def index(folder: Path, tmp_path: Path, encoder: SentenceEncoder) -> Iterator[Index]:
    with Index.open(folder, index=tmp_path / "index", encoder=encoder) as opened:
        yield opened


def test_a_question_is_answered_with_a_quote_that_stands_in_the_file(index: Index, folder: Path) -> None:
    index.sync()
    answer = index.ask("At how many degrees is green tea brewed?")
    (citation,) = answer.citations
    assert answer.answerable
    assert answer.text == "Green tea is brewed at 80 degrees. [1]"
    assert (folder / citation.file).read_text()[citation.start : citation.end] == citation.quote
    assert answer.timings.keys() >= {"retrieve_s", "read_s"}


def test_before_the_first_sync_nothing_is_found_and_nothing_answered(index: Index) -> None:
    assert index.search("tea") == []
    answer = index.ask("How hot is tea?")
    assert (answer.answerable, answer.citations, answer.support) == (False, (), None)


def test_a_page_is_read_in_passages(folder: Path, index: Index) -> None:
    write_pdf(folder / "guide.pdf", "Aurora kettles.", "Service in Oslo.")
    index.sync()
    assert [passage.text for passage in index.read("guide.pdf", 2)] == ["Service in Oslo."]
    assert [passage.page for passage in index.read("guide.pdf")] == [1, 2]
    assert index.read("none.pdf") == []


def test_a_quote_is_found_only_where_it_stands(folder: Path, index: Index) -> None:
    write_pdf(folder / "guide.pdf", "Aurora kettles hold infor-\nmation about tea.", "Service in Oslo by Birk.")
    index.sync()
    citation = index.ask("What do Aurora kettles hold about tea?").citations[0]
    assert citation.quote == "Aurora kettles hold information about tea."
    assert index.quote_found(citation)
    for false in (
        {"quote": "Aurora kettles hold tea."},
        {"page": 2},
        {"file": "tea.md"},
        {"start": citation.start + 3},
    ):
        assert not index.quote_found(replace(citation, **false))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there is no folder"):
        Index.open(tmp_path / "none", index=tmp_path / "index")


@pytest.mark.parametrize("inside", [".", ".index", "a/b"])
def test_an_index_inside_the_folder_is_refused(folder: Path, inside: str) -> None:
    with pytest.raises(FolderError, match="never written to"):
        Index.open(folder, index=folder / inside)
    assert [path.name for path in folder.iterdir()] == ["tea.md"]


def test_the_index_of_another_folder_is_refused(index: Index, tmp_path: Path, encoder: SentenceEncoder) -> None:
    index.sync()
    other = fill(tmp_path / "other", {"a.md": "x"})
    with pytest.raises(IndexFormatError, match="made for the folder"):
        Index.open(other, index=index.location, encoder=encoder)


def test_the_index_of_another_encoder_is_refused(index: Index, folder: Path) -> None:
    index.sync()
    with pytest.raises(IndexFormatError, match="made for the encoder"):
        Index.open(folder, index=index.location, encoder=WordEncoder())


def test_a_file_in_the_place_of_the_index_is_refused(folder: Path, tmp_path: Path) -> None:
    fill(tmp_path, {"index": "x"})
    with pytest.raises(DocumentsError, match="index"):
        Index.open(folder, index=tmp_path / "index", encoder=WordEncoder())


def test_each_folder_has_a_place_of_its_own_by_default(tmp_path: Path) -> None:
    one, two = default_location(tmp_path / "a" / "docs"), default_location(tmp_path / "b" / "docs")
    assert one != two
    assert one.name.startswith("docs-")
    assert one == default_location(tmp_path / "a" / "docs")


def test_a_second_writer_waits_with_a_message_and_then_finishes(folder: Path, tmp_path: Path) -> None:
    other = start(folder, tmp_path / "index")
    messages: list[str] = []

    def on_wait(message: str) -> None:
        messages.append(message)
        let_on(other)

    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        report = index.sync(on_wait=on_wait)
    other.communicate()
    assert messages == ["another process is writing this index: waiting for it to finish"]
    assert (report.unchanged, report.passages, other.returncode) == (1, 1, 0)


def test_a_search_beside_a_writer_answers_from_what_is_there(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        fill(folder, {"kettle.txt": "The Aurora kettle."})
        other = start(folder, tmp_path / "index")
        assert [passage.file for passage in index.search("tea")] == ["tea.md"]
        other.communicate("\n")


def test_what_another_process_stored_is_found_by_its_vector(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        assert index.search("tea")
        fill(folder, {"kettle.txt": "The Aurora kettle."})
        start(folder, tmp_path / "index").communicate("\n")
        # BM25 knows no kettlebell.
        assert index.search("kettlebell", k=1)[0].file == "kettle.txt"
