from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from inference.errors import IndexFormatError
from rag.database import Database, FileRow, embedding_hash
from rag.document import Document, Page
from rag.filter import Filter
from rag.lexical import bm25
from rag.schema import SCHEMA_VERSION
from rag.split import Piece


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "index.sqlite")
    yield opened
    opened.close()


PIECE = Piece(None, "", 0, 3, "tea", "header")


def row(path: str, outcome: str = "indexed") -> FileRow:
    return FileRow(path, 1, 1, "hash", "1.1", outcome, None)  # type: ignore[arg-type]


def store(database: Database, path: str, *texts: str) -> list[int]:
    """A file of a page a text, stored; the ids of its passages."""
    pages, pieces, start = [], [], 0
    for number, text in enumerate(texts, start=1):
        end = start + len(text)
        pages.append(Page(number, start, end))
        pieces.append(Piece(number, "", start, end, text, "header"))
        start = end
    hashes = [embedding_hash("digest", piece) for piece in pieces]
    with database.transaction():
        database.replace(row(path), Document("".join(texts), tuple(pages)), pieces, hashes)
        database.add_embeddings({key: np.eye(4, dtype=np.float32)[0] for key in hashes})
    return [passage.id for passage in database.passages_of(path, None)]


def test_passages_and_pages_come_back_as_they_were_stored(database: Database) -> None:
    first, second = store(database, "a.pdf", "green tea ", "black tea")
    passage = database.passages([second])[second]
    assert (passage.file, passage.page, passage.start, passage.end, passage.text) == ("a.pdf", 2, 10, 19, "black tea")
    assert database.page_text("a.pdf", 2) == (10, "black tea")
    assert database.page_text("a.pdf", None) == (0, "green tea black tea")
    assert [found.id for found in database.passages_of("a.pdf", 1)] == [first]


def test_a_page_that_is_not_there_is_none(database: Database) -> None:
    store(database, "a.pdf", "tea")
    assert database.page_text("a.pdf", 2) is None
    assert database.page_text("b.pdf", None) is None


def test_the_nearest_are_found_without_chroma_too(database: Database) -> None:
    first, second = store(database, "a.pdf", "green tea", "black tea")
    (third,) = store(database, "b.pdf", "kettle")
    with database.transaction():
        for key, place in ((first, 1), (second, 0), (third, 0)):
            database.connection.execute(
                "UPDATE embeddings SET vector = ? WHERE hash = (SELECT embedding FROM passages WHERE id = ?)",
                [np.eye(4, dtype=np.float32)[place].tobytes(), key],
            )
    query = np.array([0.8, 0.6, 0, 0], dtype=np.float32)
    assert database.nearest(query, 2) == pytest.approx({second: 0.8, third: 0.8})
    assert database.nearest(query, 9, database.file_ids(Filter(("a.pdf",)))) == pytest.approx({second: 0.8, first: 0.6})
    assert database.nearest(query, 9, []) == {}


def test_many_ids_are_read_in_parts(database: Database) -> None:
    ids = store(database, "a.pdf", *(f"tea {number} " for number in range(1_100)))
    assert list(database.passages(ids)) == ids
    assert list(database.vectors(ids)) == ids


def test_ids_are_never_used_again(database: Database) -> None:
    before = store(database, "a.pdf", "tea")
    after = store(database, "a.pdf", "tea")
    assert after > before
    with database.transaction():
        database.remove(["a.pdf"])
    assert store(database, "b.pdf", "tea") > after


def test_what_is_removed_is_gone_from_words_and_waits_to_go_from_the_vectors(database: Database) -> None:
    gone = store(database, "a.pdf", "green tea")
    stays = store(database, "b.pdf", "green kettle")
    with database.transaction():
        database.remove(["a.pdf"])
    assert list(bm25(database.connection, "green", 9)) == stays
    assert database.page_text("a.pdf", None) is None
    assert database.connection.execute("SELECT id FROM dead_vectors").fetchall() == [(gone[0],)]


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ValueError, match="shorter"), database.transaction():
        database.replace(row("a.pdf"), Document.unpaged("tea"), [PIECE], [])
    assert database.files() == {}


def test_what_is_not_embedded_yet_has_no_vector_and_is_found_by_its_words(database: Database) -> None:
    with database.transaction():
        database.replace(row("a.md"), Document.unpaged("tea"), [PIECE], ["hash"])
    (key,) = bm25(database.connection, "tea", 9)
    assert database.vectors([key]) == {}
    assert (database.unembedded(), database.embedded_texts(["hash"])) == (["hash"], ["header\ntea"])
    assert (database.waiting(0), database.waiting(1)) == (1, 0)


def test_a_text_that_was_embedded_before_takes_the_vector_it_has(database: Database) -> None:
    store(database, "a.pdf", "tea")
    with database.transaction():
        database.replace(row("b.pdf"), Document.unpaged("tea"), [PIECE], [embedding_hash("digest", PIECE)])
        database.adopt_embeddings()
    assert (database.unembedded(), database.waiting(1)) == ([], 2)


def test_the_columns_of_a_table_are_embedded_and_found_by_their_words(database: Database) -> None:
    piece = Piece(None, "", 0, 3, "| 3 |", "prices", "| kettle |")
    with database.transaction():
        database.replace(row("a.md"), Document.unpaged("| 3"), [piece], [embedding_hash("digest", piece)])
    (key,) = bm25(database.connection, "kettle", 9)
    assert database.passages([key])[key].columns == "| kettle |"
    assert database.embedded_texts(database.unembedded()) == ["prices\n| kettle |\n| 3 |"]


def test_a_renamed_file_is_found_by_its_new_name_only_and_keeps_ids_and_vectors(database: Database) -> None:
    ids = store(database, "old.pdf", "tea")
    with database.transaction():
        database.rename("old.pdf", "kettle manual.pdf", "digest")
    assert list(database.vectors(ids)) == ids
    assert list(bm25(database.connection, "manual", 9)) == ids
    assert bm25(database.connection, "header", 9) == {}
    assert database.passages(ids)[ids[0]].file == "kettle manual.pdf"
    database.connection.execute("INSERT INTO lexicon (lexicon, rank) VALUES ('integrity-check', 1)")


def test_a_file_renamed_before_it_is_embedded_gets_the_vectors_of_its_new_name(database: Database) -> None:
    with database.transaction():
        database.replace(row("old.md"), Document.unpaged("tea"), [PIECE], [embedding_hash("digest", PIECE)])
        database.rename("old.md", "new.md", "digest")
    renamed = Piece(None, "", 0, 3, "tea", "new")
    assert database.unembedded() == [embedding_hash("digest", renamed)]
    assert database.embedded_texts(database.unembedded()) == ["new\ntea"]


def test_files_are_chosen_by_a_filter(database: Database) -> None:
    store(database, "a/tea.pdf", "tea")
    kettle = store(database, "b/tea.pdf", "tea")
    files = database.file_ids(Filter(("b/",)))
    assert list(bm25(database.connection, "tea", 9, files)) == kettle
    assert bm25(database.connection, "tea", 9, []) == {}


def test_embeddings_are_kept_while_a_passage_has_them(database: Database) -> None:
    store(database, "a.pdf", "green tea")
    store(database, "b.pdf", "green tea", "black tea")
    with database.transaction():
        database.remove(["b.pdf"])
        database.drop_unused_embeddings()
    assert database.connection.execute("SELECT count(*) FROM embeddings").fetchone() == (1,)


def test_files_without_a_document_are_listed_with_their_reason(database: Database) -> None:
    with database.transaction():
        database.replace(FileRow("z.bin", 1, 1, "", "1.1", "unsupported", "why"), None, [], [])
        database.replace(row("a.md", "no_text"), None, [], [])
    assert [(found.path, found.outcome, found.reason) for found in database.files().values()] == [
        ("a.md", "no_text", None),
        ("z.bin", "unsupported", "why"),
    ]


def test_another_schema_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(IndexFormatError, match=f"schema {SCHEMA_VERSION + 1}, this version reads {SCHEMA_VERSION}"):
        Database(path)


@pytest.mark.parametrize("content", [b"no database" * 100, b"SQLite format 3\0" + b"\xff" * 500])
def test_a_damaged_file_is_refused_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(content)
    with pytest.raises(IndexFormatError, match=r"index\.sqlite") as refused:
        Database(path)
    assert str(tmp_path) in refused.value.next_step


def test_several_may_make_it_at_once(tmp_path: Path) -> None:
    def make(_: int) -> int:
        database = Database(tmp_path / "index.sqlite")
        count = database.count()
        database.close()
        return count

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(make, range(8))) == [0] * 8
