from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from speedking.__main__ import run
from tests.rag import held_sync
from tests.rag.small import TEA, fill
from tests.speedking.door import Door, screen


@pytest.fixture
def folder(tmp_path: Path, door: Door) -> Path:
    """A folder that was indexed, in the place for all indexes."""
    made = fill(tmp_path / "docs", {"tea.md": TEA, "photo.jpg": "no"})
    assert door("index", made).code == 0
    return made


def test_before_the_first_there_is_none(door: Door) -> None:
    assert door("indexes").out == "no folder was indexed yet\n"
    assert door("indexes", "--json").document["indexes"] == []


def test_every_index_is_listed_with_its_folder(door: Door, folder: Path, tmp_path: Path) -> None:
    shown = door("indexes")
    heading, line = shown.out.splitlines()
    assert heading.split()[:2] == ["folder", "files"]
    assert line.split()[0] == str(folder)
    assert "all-MiniLM-L6-v2" in line
    (info,) = door("indexes", "--json").document["indexes"]
    assert (info["folder"], info["files"], info["folder_exists"]) == (str(folder), 1, True)
    assert info["passages"] > 0
    assert info["bytes"] > 0
    assert info["synced_at"].endswith("+00:00")
    assert Path(info["index"]).is_relative_to(tmp_path / "data")


def test_an_index_whose_folder_is_gone_is_listed_as_that_and_can_be_forgotten(door: Door, folder: Path) -> None:
    shutil.rmtree(folder)
    assert f"{folder} (not there)" in door("indexes").out
    assert door("forget", folder, "--yes").code == 0
    assert door("indexes", "--json").document["indexes"] == []


def test_what_is_forgotten_is_gone_and_the_documents_stay(door: Door, folder: Path) -> None:
    place = Path(door("status", folder, "--json").document["index"])
    (place / "chat.jsonl").write_text("{}\n")
    forgotten = door("forget", folder, "--yes", "--json")
    assert forgotten.document["forgotten"] == str(place)
    assert not place.exists()
    assert sorted(path.name for path in folder.iterdir()) == ["photo.jpg", "tea.md"]
    assert door("forget", folder, "--yes").code == 1


def test_an_index_in_a_place_of_its_own_is_forgotten_by_its_folder_only(
    door: Door, folder: Path, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    assert door("index", folder, "--index", place).code == 0
    other = fill(tmp_path / "other", {"tin.md": TEA})
    wrong = door("forget", other, "--index", place, "--yes")
    assert (wrong.code, place.exists()) == (2, True)
    assert str(folder) in wrong.err
    assert door("forget", folder, "--index", place, "--yes").code == 0
    assert not place.exists()


def test_a_place_that_is_no_index_is_refused_though_it_is_a_folder_that_has_one(
    door: Door, folder: Path, tmp_path: Path
) -> None:
    refused = door("forget", tmp_path / "other", "--index", folder, "--yes", "--json")
    assert (refused.code, refused.error["kind"]) == (1, "index_format")
    assert [info["folder"] for info in door("indexes", "--json").document["indexes"]] == [str(folder)]


def test_a_folder_whose_status_only_was_asked_has_no_index_to_forget(door: Door, tmp_path: Path) -> None:
    made = fill(tmp_path / "docs", {"tea.md": TEA})
    assert door("status", made).code == 0
    forgotten = door("forget", made, "--yes")
    assert (forgotten.code, "there is no index of" in forgotten.err) == (1, True)


def test_without_a_terminal_it_must_be_said_that_it_is_meant(door: Door, folder: Path) -> None:
    refused = door("forget", folder, "--json")
    assert refused.code == 2
    assert "--yes" in refused.error["next_step"]
    assert len(door("indexes", "--json").document["indexes"]) == 1


@pytest.mark.parametrize(("typed", "code", "left"), [("\n", 130, 1), ("n\n", 130, 1), ("y\n", 0, 0)])
def test_on_a_terminal_the_person_is_asked(door: Door, folder: Path, typed: str, code: int, left: int) -> None:
    with screen(typed) as sent:
        assert run(["forget", str(folder)]) == code
    assert "[y/N]" in sent[0]
    assert ("cancelled: the index stays" in sent[0]) is (code == 130)
    assert len(door("indexes", "--json").document["indexes"]) == left


def test_an_index_that_is_being_written_is_neither_waited_for_nor_forgotten(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    other = held_sync.start(folder, tmp_path / "index")
    try:
        for command in (["index", "--no-wait"], ["forget", "--yes"]):
            refused = door(command[0], folder, "--index", tmp_path / "index", *command[1:], "--json")
            assert (refused.code, refused.error["kind"]) == (1, "index_busy")
    finally:
        held_sync.let_on(other)
        other.communicate()
