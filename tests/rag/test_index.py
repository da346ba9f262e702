from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from inference.errors import DocumentsError, FolderError, IndexBusyError, IndexFormatError
from rag.encoder import SentenceEncoder
from rag.filter import Filter
from rag.index import Index, default_location
from rag.passage import Passage
from tests.rag.held_sync import let_on, start, wait_for_batch
from tests.rag.small import MANY, TEA, WatchedEncoder, WordEncoder, fill, write_pdf


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


def test_before_the_first_sync_nothing_is_written(index: Index, tmp_path: Path) -> None:
    assert index.search("tea") == []
    assert (index.files(), index.passages, index.made_with, index.stale_files()) == ([], 0, None, 1)
    assert [(file.path, file.outcome) for file in index.waiting_files()] == [("tea.md", "waiting")]
    assert not (tmp_path / "index").exists()


def test_what_another_process_makes_meanwhile_is_found(index: Index, folder: Path, encoder: SentenceEncoder) -> None:
    assert index.passages == 0
    with Index.open(folder, index=index.location, encoder=encoder) as other:
        other.sync()
    assert [passage.file for passage in index.search("tea")] == ["tea.md"]
    assert index.made_with == encoder.name


def test_an_index_is_made_though_its_place_was_forgotten_meanwhile(index: Index, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    assert index.search("tea") == []
    (tmp_path / "index").rmdir()
    assert index.sync().passages == 1


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


def stores(index: Index) -> list[str]:
    return sorted(path.name for path in index.location.glob("store-*"))


def test_another_encoder_builds_beside_the_index_and_then_takes_its_place(index: Index, folder: Path) -> None:
    index.sync()
    before = stores(index)
    with Index.open(folder, index=index.location, encoder=WordEncoder()) as other:
        assert other.search("tea") == []
        assert [passage.file for passage in index.search("tea")] == ["tea.md"]
        seen: list[list[Passage]] = []
        other.sync(on_read=lambda _: seen.append(index.search("tea")))
        assert [passage.file for passage in seen[0]] == ["tea.md"]
        assert [passage.file for passage in other.search("tea")] == ["tea.md"]
        assert len(stores(index)) == 1
        assert stores(index) != before


def test_whoever_has_the_replaced_index_open_is_told_and_can_make_it_again(
    index: Index, folder: Path, encoder: SentenceEncoder
) -> None:
    index.sync()
    with Index.open(folder, index=index.location, encoder=WordEncoder()) as other:
        other.sync()
    with pytest.raises(IndexFormatError, match="another embedding model"):
        index.search("tea")
    with Index.open(folder, index=index.location, encoder=encoder) as again:
        again.sync()
        assert [passage.file for passage in again.search("tea")] == ["tea.md"]


def test_an_unfinished_store_of_another_encoder_stays_for_its_next_run(index: Index, folder: Path) -> None:
    index.sync()
    other = start(folder, index.location)
    other.kill()
    other.communicate()
    fill(folder, {"more.md": "More."})
    index.sync()
    assert len(stores(index)) == 2


def test_an_index_of_the_first_schema_is_replaced(folder: Path, tmp_path: Path) -> None:
    fill(tmp_path / "index", {"index.sqlite": "old", "chroma/chroma.sqlite3": "old"})
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        assert [passage.file for passage in index.search("tea")] == ["tea.md"]
    assert sorted(path.name.split("-")[0] for path in (tmp_path / "index").iterdir()) == [
        "index.json",
        "store",
        "write.lock",
    ]


def test_a_truncated_database_is_an_error_that_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    fill(folder, MANY)
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
    (database,) = (tmp_path / "index").glob("*/index.sqlite")
    os.truncate(database, database.stat().st_size // 2)
    with (
        pytest.raises(IndexFormatError, match=r"malformed|disk image"),
        Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index,
    ):
        index.search("tea")


def test_a_damaged_database_is_told_as_that_where_it_is_to_be_written(folder: Path, tmp_path: Path) -> None:
    fill(folder, MANY)
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
    (database,) = (tmp_path / "index").glob("*/index.sqlite")
    with database.open("r+b") as file:
        file.seek(4_096)
        file.write(b"\xff" * (database.stat().st_size - 4_096))
    fill(folder, {"new.md": "Something else is written here."})
    with (
        pytest.raises(IndexFormatError, match=r"malformed|disk image"),
        Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index,
    ):
        index.sync()


def test_lost_vectors_are_made_again_without_embedding(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
    (vectors,) = (tmp_path / "index").glob("*/chroma")
    shutil.rmtree(vectors)
    watched = WatchedEncoder(WordEncoder())
    with Index.open(folder, index=tmp_path / "index", encoder=watched) as index:
        index._store.few = 0  # as in an index of many passages
        assert index.search("teapot", k=1)[0].file == "tea.md"
        assert (index._store._vectors.count(), watched.embedded) == (index.passages, [])


def test_damaged_vectors_are_made_again_without_embedding(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
    (vectors,) = (tmp_path / "index").glob("*/chroma/chroma.sqlite3")
    vectors.write_bytes(b"no database" * 1000)
    watched = WatchedEncoder(WordEncoder())
    with Index.open(folder, index=tmp_path / "index", encoder=watched) as index:
        index._store.few = 0
        assert [passage.file for passage in index.search("teapot")] == ["tea.md"]
        assert (index._store._vectors.count(), watched.embedded) == (index.passages, [])


def test_a_database_that_is_gone_takes_its_vectors_along(folder: Path, tmp_path: Path) -> None:
    fill(folder, MANY)
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
    (database,) = (tmp_path / "index").glob("*/index.sqlite")
    database.unlink()
    for number in MANY:
        (folder / number).unlink()
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        assert index._store._vectors.count() == index.passages == 1


def test_a_search_is_narrowed_on_both_sides(folder: Path, tmp_path: Path) -> None:
    fill(
        folder, {"a/kettle.md": "The Aurora kettle.", "b/kettle.md": "The Aurora kettle.", "b/2020-01-01.md": "Kettle."}
    )
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        # BM25 knows no kettlebell.
        for query in ("kettle", "kettlebell"):
            found = {passage.file for passage in index.search(query, where=Filter(("b/",), date(2021, 1, 1)))}
            assert found == {"b/kettle.md"}
        assert index.search("kettle", where=Filter(("none/",))) == []


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


def test_a_second_writer_that_does_not_wait_is_refused_at_once(folder: Path, tmp_path: Path) -> None:
    other = start(folder, tmp_path / "index")
    with (
        Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index,
        pytest.raises(IndexBusyError, match="another process is writing") as refused,
    ):
        index.sync(wait=False)
    other.communicate("\n")
    assert "--no-wait" in refused.value.next_step


def test_an_answer_while_parts_are_not_embedded_says_how_much_is(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        shares: list[float] = []
        index.sync(on_read=lambda _: shares.append(index.ask("How hot is green tea?").embedded_share))
        assert shares == [0.0]
        assert index.ask("How hot is green tea?").embedded_share == 1.0


def test_a_search_beside_a_writer_answers_from_what_is_there(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        fill(folder, {"kettle.txt": "The Aurora kettle."})
        other = start(folder, tmp_path / "index")
        assert [passage.file for passage in index.search("tea")] == ["tea.md"]
        other.communicate("\n")


def test_while_another_process_has_chroma_the_database_finds_by_vectors(folder: Path, tmp_path: Path) -> None:
    fill(folder, {"kettle.txt": "The Aurora kettle."})
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        fill(folder, MANY)
        other = start(folder, tmp_path / "index")
        let_on(other)
        wait_for_batch(other)
        # BM25 knows no kettlebell.
        assert index.search("kettlebell", k=1)[0].file == "kettle.txt"
        assert index.embedded_share == pytest.approx((2 + 64) / 402)
        other.kill()
        other.communicate()


def test_what_another_process_stored_is_found_by_its_vector(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        assert index.search("tea")
        fill(folder, {"kettle.txt": "The Aurora kettle."})
        start(folder, tmp_path / "index").communicate("\n")
        # BM25 knows no kettlebell.
        assert index.search("kettlebell", k=1)[0].file == "kettle.txt"


@pytest.mark.parametrize(
    "look", [lambda index: index.passages, lambda index: index.embedded_share, lambda index: index.stale_files()]
)
def test_a_database_that_breaks_while_it_is_open_is_named(
    folder: Path, tmp_path: Path, look: Callable[[Index], float]
) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        (database,) = index.location.glob("*/index.sqlite")
        with closing(sqlite3.connect(database)) as other:
            other.executescript("DROP TABLE passages; DROP TABLE files;")
        with pytest.raises(IndexFormatError, match="cannot be read"):
            look(index)
