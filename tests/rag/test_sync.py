from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.errors import FolderError
from rag.database import Database
from rag.encoder import SentenceEncoder
from rag.index import Index
from rag.sync import Progress, Sync
from rag.vectors import VectorStore
from tests.rag.held_sync import let_on, start, wait_for_batch
from tests.rag.small import MANY, TEA, WatchedEncoder, WordEncoder, fill, write_pdf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "docs", {"tea.md": TEA, "kettle.txt": "The Aurora kettle holds 80 degrees for an hour."})


@pytest.fixture
def watched(encoder: SentenceEncoder) -> WatchedEncoder:
    return WatchedEncoder(encoder)


@pytest.fixture
def index(folder: Path, tmp_path: Path, watched: WatchedEncoder) -> Iterator[Index]:
    with Index.open(folder, index=tmp_path / "index", encoder=watched) as opened:
        yield opened


def files_found(index: Index, query: str) -> set[str]:
    return {passage.file for passage in index.search(query)}


def test_the_first_sync_reads_everything(index: Index) -> None:
    report = index.sync()
    assert [(file.path, file.outcome) for file in report.files] == [("kettle.txt", "indexed"), ("tea.md", "indexed")]
    assert (report.added, report.removed, report.unchanged, report.passages) == (2, 0, 0, 2)


def test_an_unchanged_folder_is_neither_parsed_nor_embedded_again(
    index: Index, watched: WatchedEncoder, folder: Path
) -> None:
    index.sync()
    generation = index_generation(index)
    watched.embedded.clear()
    report = index.sync()
    assert (report.added, report.unchanged, watched.embedded) == (0, 2, [])
    assert index_generation(index) == generation


def test_a_touched_file_is_unchanged(index: Index, watched: WatchedEncoder, folder: Path) -> None:
    index.sync()
    watched.embedded.clear()
    os.utime(folder / "tea.md", ns=(1, 1))
    assert index.stale_files() == 1
    assert index.sync().unchanged == 2
    assert (watched.embedded, index.stale_files()) == ([], 0)


def test_an_edit_embeds_only_the_passages_that_changed(index: Index, watched: WatchedEncoder, folder: Path) -> None:
    section = "It is said here at some length what is meant by this section. " * 10
    fill(folder, {"long.md": f"# One\n\n{section}\n\n# Two\n\n{section}\n\n# Three\n\n{section}"})
    index.sync()
    watched.embedded.clear()
    fill(folder, {"long.md": f"# One\n\n{section}\n\n# Two\n\nShort.\n\n{section}\n\n# Three\n\n{section}"})
    index.sync()
    assert [text.splitlines()[0] for text in watched.embedded] == ["long: Two"]


def test_an_edit_is_found_and_what_it_replaced_is_not(index: Index, folder: Path) -> None:
    index.sync()
    fill(folder, {"tea.md": "# Tea\n\nWhite tea is brewed at 70 degrees.\n"})
    index.sync()
    assert [passage.text for passage in index.search("tea") if passage.file == "tea.md"] == [
        "# Tea\n\nWhite tea is brewed at 70 degrees."
    ]


def test_a_deleted_file_is_gone_from_search_and_list(index: Index, folder: Path) -> None:
    index.sync()
    (folder / "kettle.txt").unlink()
    assert index.sync().removed == 1
    assert files_found(index, "Aurora kettle") == {"tea.md"}
    assert [file.path for file in index.files()] == ["tea.md"]
    assert vector_count(index) == index.passages


def test_a_renamed_file_is_found_under_its_new_name(index: Index, folder: Path) -> None:
    index.sync()
    (folder / "kettle.txt").rename(folder / "pots.txt")
    index.sync()
    assert files_found(index, "Aurora kettle") == {"tea.md", "pots.txt"}


def test_one_bad_file_never_stops_the_others(index: Index, folder: Path) -> None:
    fill(folder, {"a.pdf": "%PDF-1.7 broken", "b.md": b"\0", "c.html": "", "d.xyz": "x", "e.txt": b"caf\xe9"})
    write_pdf(folder / "f.pdf", "")
    outcomes = {file.path: file.outcome for file in index.sync().files}
    assert outcomes == {
        "a.pdf": "failed",
        "b.md": "failed",
        "c.html": "no_text",
        "d.xyz": "unsupported",
        "e.txt": "partial",
        "f.pdf": "no_text",
        "kettle.txt": "indexed",
        "tea.md": "indexed",
    }
    assert all(file.reason for file in index.files() if file.outcome != "indexed")
    assert files_found(index, "Aurora kettle") == {"kettle.txt", "tea.md", "e.txt"}


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode on this system")
def test_a_name_that_is_not_unicode_never_stops_the_others(index: Index, folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_text("x")
    outcomes = {file.path: file.outcome for file in index.sync().files}
    assert outcomes == {r"caf\udce9.md": "unsupported", "kettle.txt": "indexed", "tea.md": "indexed"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may read every file")
def test_a_file_that_could_not_be_read_is_tried_again(index: Index, folder: Path) -> None:
    (folder / "tea.md").chmod(0)
    assert index.sync().files[1].reason == "cannot be read: Permission denied"
    (folder / "tea.md").chmod(0o600)
    assert index.sync().files[1].outcome == "indexed"


def test_a_folder_without_files_is_refused(tmp_path: Path, encoder: SentenceEncoder) -> None:
    with (
        Index.open(fill(tmp_path / "empty", {}), index=tmp_path / "index", encoder=encoder) as index,
        pytest.raises(FolderError, match="holds no files"),
    ):
        index.sync()


def test_the_folder_is_never_written_to(index: Index, folder: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")])
    index.sync()
    index.search("tea")
    assert sorted((path, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")]) == before


def test_progress_rises_to_the_whole(folder: Path, tmp_path: Path) -> None:
    fill(folder, MANY)
    seen: list[Progress] = []
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync(seen.append)
    shares = [progress.share for progress in seen]
    assert shares == sorted(shares)
    assert (seen[-1].share, seen[-1].files, seen[-1].total_files) == (1.0, 402, 402)
    assert len(seen) > 2


def test_what_was_committed_and_not_yet_in_chroma_is_found_by_the_next_search(folder: Path, tmp_path: Path) -> None:
    location = tmp_path / "index"
    location.mkdir()
    database = Database(location / "index.sqlite")

    def full_disk() -> VectorStore:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        Sync(folder, database, WordEncoder(), full_disk).run()
    assert database.count() == 2
    database.close()
    with Index.open(folder, index=location, encoder=WordEncoder()) as index:
        # BM25 knows no kettlebell: only its vector finds it.
        assert index.search("kettlebell", k=1)[0].file == "kettle.txt"
        assert vector_count(index) == 2


@pytest.mark.parametrize("slices", [2, 6])  # of 64; four are a batch, whose passages are stored
def test_a_killed_sync_is_finished_by_the_next(folder: Path, tmp_path: Path, slices: int) -> None:
    fill(folder, MANY)
    killed = start(folder, tmp_path / "index")
    for _ in range(slices):
        let_on(killed)
        wait_for_batch(killed)
    killed.kill()
    killed.communicate()
    watched = WatchedEncoder(WordEncoder())
    with Index.open(folder, index=tmp_path / "index", encoder=watched) as index:
        index.sync()
        assert len(watched.embedded) == 402 - slices * 64
        assert (index.passages, vector_count(index)) == (402, 402)
        assert {index.search(f"{number} degrees", k=1)[0].file for number in (7, 399)} == {"7.md", "399.md"}


def vector_count(index: Index) -> int:
    store = VectorStore(index.location / "chroma")
    count = store.count()
    store.close()
    return count


def index_generation(index: Index) -> int:
    database = Database(index.location / "index.sqlite")
    generation = database.generation
    database.close()
    return generation
