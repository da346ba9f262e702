from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from inference.errors import FolderError
from rag.scan import check_folder, scan
from tests.rag.small import fill


def test_files_come_in_the_order_of_paths_with_slashes(tmp_path: Path) -> None:
    fill(tmp_path, {"b.md": "12345", "a/z.PDF": "", "a.txt": ""})
    assert [(file.path, file.size) for file in scan(tmp_path)] == [("a.txt", 0), ("a/z.PDF", 0), ("b.md", 5)]


def test_hidden_files_links_and_tools_folders_are_left_out(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {".a.md": "", ".git/a.md": "", "node_modules/a.md": "", "a.md": ""})
    (folder / "link.md").symlink_to(folder / "a.md")
    (folder / "loop").symlink_to(folder)
    assert [file.path for file in scan(folder)] == ["a.md"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert list(scan(tmp_path)) == []


@pytest.mark.parametrize(("name", "refused"), [("a.MD", None), ("a.docx", ".docx"), ("LICENSE", "no suffix")])
def test_the_suffix_decides_what_is_read(tmp_path: Path, name: str, refused: str | None) -> None:
    (file,) = scan(fill(tmp_path, {name: "x"}))
    assert (file.refusal is None) if refused is None else (file.refusal or "").startswith(f"{refused}:")


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode on this system")
def test_a_name_that_is_not_unicode_is_listed_and_not_read(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).write_text("x")
    (file,) = scan(tmp_path)
    assert file.path == r"caf\udce9.md"
    assert file.refusal == "its name is not valid Unicode: rename it"


def test_a_folder_is_resolved(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"a.md": ""})
    assert check_folder(folder / ".." / "docs") == folder.resolve()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there is no folder"):
        check_folder(tmp_path / "none")


def test_a_file_in_place_of_a_folder_names_its_folder(tmp_path: Path) -> None:
    fill(tmp_path, {"a.md": ""})
    with pytest.raises(FolderError, match="is a file") as refused:
        check_folder(tmp_path / "a.md")
    assert str(tmp_path.resolve()) in refused.value.next_step


@pytest.mark.parametrize("wide", [Path("~"), Path.home(), Path(Path.home().anchor)])
def test_a_home_folder_or_a_disk_is_too_wide(wide: Path) -> None:
    with pytest.raises(FolderError, match="cannot be meant"):
        check_folder(wide)
