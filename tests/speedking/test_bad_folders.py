from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.rag.small import TEA, encrypt, fill, write_pdf
from tests.speedking.door import Door


@pytest.mark.parametrize("command", ["ask", "search", "agent"])
def test_a_folder_that_is_not_there(door: Door, tmp_path: Path, command: str) -> None:
    error = door(command, tmp_path / "nowhere", "Why?", "--json").error
    assert error["kind"] == "folder"
    assert str(tmp_path / "nowhere") in error["message"]


def test_a_message_and_the_next_step_are_for_people_too(door: Door, tmp_path: Path) -> None:
    asked = door("ask", tmp_path / "nowhere", "Why?")
    assert (asked.code, asked.out) == (1, "")
    message, step = asked.err.splitlines()
    assert message.startswith("there is no folder")
    assert step.startswith("next: ")


def test_a_file_in_place_of_a_folder_is_told_where_its_folder_is(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    asked = door("ask", folder / "tea.md", "Why?", "--json")
    assert asked.code == 1
    assert str(folder) in asked.error["next_step"]


def test_an_empty_folder(door: Door, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    asked = door("ask", tmp_path / "docs", "Why?", "--json")
    assert asked.code == 1
    assert "holds no files" in asked.error["message"]


@pytest.mark.parametrize("wide", ["~", "/"])
def test_a_whole_home_or_disk_cannot_be_meant(door: Door, wide: str) -> None:
    asked = door("ask", wide, "Why?", "--json")
    assert asked.code == 1
    assert "cannot be meant" in asked.error["message"]


def test_an_index_inside_the_documents_is_refused(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    asked = door("ask", folder, "Why?", "--index", folder / ".index", "--json")
    assert asked.code == 1
    assert "--index" in asked.error["next_step"]
    assert not (folder / ".index").exists()


def test_no_sync_without_an_index(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    asked = door("ask", folder, "Why?", "--no-sync", "--json")
    assert asked.code == 1
    assert "no index yet" in asked.error["message"]


def test_an_index_of_another_folder_is_not_answered_from(door: Door, tmp_path: Path) -> None:
    for name in ("one", "two"):
        fill(tmp_path / name, {"tea.md": TEA})
    assert door("index", tmp_path / "one", "--index", tmp_path / "index").code == 0
    asked = door("ask", tmp_path / "two", "Why?", "--index", tmp_path / "index", "--json")
    assert (asked.code, asked.error["kind"]) == (1, "index_format")


def test_a_file_in_place_of_the_index_is_named(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    (tmp_path / "taken").write_text("mine")
    asked = door("index", folder, "--index", tmp_path / "taken", "--json")
    assert asked.code == 1
    assert str(tmp_path / "taken") in asked.error["message"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="to root no folder is read-only")
def test_an_index_folder_that_may_not_be_written_is_named(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    (tmp_path / "kept").mkdir(mode=0o500)
    asked = door("index", folder, "--index", tmp_path / "kept" / "index", "--json")
    assert asked.code == 1
    assert str(tmp_path / "kept") in asked.error["message"]


def test_files_that_cannot_be_read_are_listed_and_the_rest_is_answered(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA, "latin.txt": b"The caf\xe9 opens at nine.\n", "empty.pdf": b""})
    encrypt(write_pdf(folder / "secret.pdf", "The password is sesame."), "sesame")
    whole = write_pdf(folder / "cut.pdf", "Half of this is gone.").read_bytes()
    (folder / "cut.pdf").write_bytes(whole[: len(whole) // 3])
    asked = door("ask", folder, "At how many degrees is green tea brewed?")
    assert asked.code == 0
    assert "80 degrees" in asked.out
    assert "3 of 5 files were not read: speedking status" in asked.err
    files = {file["path"]: file for file in door("status", folder, "--json").document["files"]}
    outcomes = {path: file["outcome"] for path, file in files.items()}
    assert outcomes == {
        "cut.pdf": "failed",
        "empty.pdf": "no_text",
        "latin.txt": "partial",
        "secret.pdf": "encrypted",
        "tea.md": "indexed",
    }
    assert all(file["reason"] for path, file in files.items() if path != "tea.md")
    assert "UTF-8" in files["latin.txt"]["reason"]


def test_a_folder_where_nothing_can_be_read_says_why(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"empty.md": "", "photo.jpg": "no"})
    assert door("index", folder).code == 0
    asked = door("ask", folder, "Why?", "--json")
    assert asked.code == 1
    assert "holds 2 files, and none could be read" in asked.error["message"]
    assert "empty.md: the file is empty" in asked.error["message"]
    assert "speedking status" in asked.error["next_step"]
