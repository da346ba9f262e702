from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from inference.errors import IndexBusyError, IndexFormatError
from rag.catalogue import forget, forget_folder, indexes
from rag.index import Index, default_location
from tests.rag.held_sync import start
from tests.rag.small import TEA, WordEncoder, fill


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the platform keeps data, on each of them."""
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "data"))


def indexed(folder: Path, index: Path | None = None) -> Path:
    """A folder of one document and a hidden file, indexed."""
    fill(folder, {"tea.md": TEA, ".hidden": ""})
    with Index.open(folder, index=index, encoder=WordEncoder()) as opened:
        opened.sync()
    return folder


def test_each_index_is_listed_with_its_folder_and_size(tmp_path: Path) -> None:
    indexed(tmp_path / "b")
    indexed(tmp_path / "a")
    first, second = indexes()
    assert (first.folder, second.folder) == (tmp_path / "a", tmp_path / "b")
    assert (first.encoder, first.files, first.passages, first.folder_exists) == ("words", 1, 1, True)
    assert first.location == default_location(tmp_path / "a")
    assert first.bytes > 0
    assert first.synced_at is not None


def test_before_the_first_index_there_is_none() -> None:
    assert indexes() == []


def test_an_index_whose_folder_is_gone_is_listed_and_can_be_forgotten(tmp_path: Path) -> None:
    shutil.rmtree(indexed(tmp_path / "a"))
    assert [info.folder_exists for info in indexes()] == [False]
    assert forget_folder(tmp_path / "a") == default_location(tmp_path / "a")
    assert indexes() == []


def test_forgetting_removes_the_index_and_nothing_else(tmp_path: Path) -> None:
    folder = indexed(tmp_path / "a", tmp_path / "elsewhere")
    fill(tmp_path / "elsewhere", {"mine.txt": "x"})
    forget(tmp_path / "elsewhere")
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["mine.txt"]
    assert (folder / "tea.md").exists()


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    fill(tmp_path / "a", {"tea.md": TEA})
    with pytest.raises(IndexFormatError, match="no index"):
        forget_folder(tmp_path / "a")
    assert (tmp_path / "a" / "tea.md").exists()


def test_a_place_without_an_index_is_refused_though_it_is_a_folder_that_has_one(tmp_path: Path) -> None:
    folder = indexed(tmp_path / "a")
    with pytest.raises(IndexFormatError, match="no index at"):
        forget(folder)
    assert [info.folder for info in indexes()] == [folder]


def test_an_index_that_was_killed_before_it_named_its_folder_can_be_forgotten(tmp_path: Path) -> None:
    folder = indexed(tmp_path / "a")
    (default_location(folder) / "index.json").unlink()
    assert not forget_folder(folder).exists()
    with pytest.raises(IndexFormatError, match="no index"):
        forget_folder(folder)


def test_an_index_that_is_being_written_is_not_forgotten(tmp_path: Path) -> None:
    indexed(tmp_path / "a", tmp_path / "index")
    fill(tmp_path / "a", {"more.md": "More."})
    other = start(tmp_path / "a", tmp_path / "index")
    with pytest.raises(IndexBusyError):
        forget(tmp_path / "index")
    other.communicate("\n")


def test_a_damaged_index_is_listed_and_can_be_forgotten(tmp_path: Path) -> None:
    location = default_location(indexed(tmp_path / "a"))
    (database,) = location.glob("*/index.sqlite")
    database.write_bytes(b"no database" * 100)
    assert [(info.files, info.passages) for info in indexes()] == [(None, None)]
    forget_folder(tmp_path / "a")
    assert not location.exists()


def test_an_index_that_is_open_says_that_it_was_forgotten(tmp_path: Path) -> None:
    folder = indexed(tmp_path / "a")
    with Index.open(folder, encoder=WordEncoder()) as opened:
        forget_folder(folder)
        with pytest.raises(IndexFormatError, match="removed"):
            opened.search("tea")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may remove every file")
def test_what_cannot_be_removed_is_not_reported_as_forgotten(tmp_path: Path) -> None:
    folder = indexed(tmp_path / "a")
    (store,) = default_location(folder).glob("store-*")
    store.chmod(0o500)
    try:
        with pytest.raises(IndexBusyError, match="could not be removed"):
            forget_folder(folder)
    finally:
        store.chmod(0o700)
    assert [info.folder for info in indexes()] == [folder]
    assert not forget_folder(folder).exists()


def test_files_that_come_and_go_meanwhile_do_not_stop_the_list(tmp_path: Path) -> None:
    location = default_location(indexed(tmp_path / "a"))
    done = Event()

    def churn() -> None:
        while not done.is_set():
            fill(location, {f"chroma/{number}": "x" for number in range(20)})
            shutil.rmtree(location / "chroma")

    with ThreadPoolExecutor() as pool:
        churning = pool.submit(churn)
        try:
            assert all(len(indexes()) == 1 for _ in range(300))
        finally:
            done.set()
        churning.result()
