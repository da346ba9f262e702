from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from inference.errors import FolderError
from rag.found import Link
from rag.parse import FORMATS
from rag.scan import check_folder, scan
from tests.rag.small import fill


def outcomes(folder: Path) -> dict[str, tuple[str, str | None] | None]:
    """Path -> outcome and reason of what is refused, None for what is read."""
    found = ((file.path, file.refused) for file in scan(folder).files)
    return {path: (refused.outcome, refused.reason) if refused else None for path, refused in found}


def test_files_come_in_the_order_of_paths_with_slashes(tmp_path: Path) -> None:
    fill(tmp_path, {"b.md": "12345", "a/z.PDF": "", "a.txt": ""})
    assert [(file.path, file.size) for file in scan(tmp_path).files] == [
        ("a.txt", 0),
        ("a/z.PDF", 0),
        ("b.md", 5),
    ]


def test_what_is_hidden_and_tools_folders_are_ignored_by_name(tmp_path: Path) -> None:
    fill(tmp_path, {".a.md": "", ".git/a.md": "", "sub/node_modules/b/a.md": "", "a.md": ""})
    assert outcomes(tmp_path) == {
        ".a.md": ("ignored", "hidden"),
        ".git/": ("ignored", "hidden"),
        "a.md": None,
        "sub/node_modules/": ("ignored", "node_modules: never read"),
    }


def test_links_to_documents_elsewhere_are_followed(tmp_path: Path) -> None:
    fill(tmp_path / "far", {"deep/b.md": "", "a.md": ""})
    folder = fill(tmp_path / "docs", {"c.md": ""})
    (folder / "file.md").symlink_to(tmp_path / "far" / "a.md")
    (folder / "linked").symlink_to(tmp_path / "far" / "deep")
    assert outcomes(folder) == {"c.md": None, "file.md": None, "linked/b.md": None}


def test_the_links_that_are_followed_are_told_with_where_they_lead(tmp_path: Path) -> None:
    far = fill(tmp_path / "far", {"deep/b.md": "", "a.md": ""})
    folder = fill(tmp_path / "docs", {"c.md": ""})
    (folder / "one").symlink_to(far / "deep")
    (folder / "two.md").symlink_to(far / "a.md")
    (folder / "again").symlink_to(folder)
    (folder / "none").symlink_to(tmp_path / "none")
    assert scan(folder).links == (Link("one/", str(far / "deep")), Link("two.md", str(far / "a.md")))


def test_what_is_reached_twice_is_read_once_and_never_by_the_link(tmp_path: Path) -> None:
    fill(tmp_path / "far", {"a.md": ""})
    folder = fill(tmp_path / "docs", {"m/a.md": "", "z.md": ""})
    (folder / "a.md").symlink_to(folder / "z.md")
    (folder / "b").symlink_to(folder / "m")
    (folder / "far1").symlink_to(tmp_path / "far")
    (folder / "far2").symlink_to(tmp_path / "far")
    (folder / "m" / "here.md").symlink_to("a.md")
    assert outcomes(folder) == {
        "a.md": ("ignored", "a link to z.md"),
        "b/": ("ignored", "a link to m/"),
        "far1/a.md": None,
        "far2/": ("ignored", "a link to far1/"),
        "m/a.md": None,
        "m/here.md": ("ignored", "a link to m/a.md"),
        "z.md": None,
    }


def test_a_folder_around_one_that_is_linked_reads_the_rest(tmp_path: Path) -> None:
    fill(tmp_path / "far", {"in/a.md": "", "b.md": ""})
    folder = fill(tmp_path / "docs", {})
    (folder / "a").symlink_to(tmp_path / "far" / "in")
    (folder / "b.md").symlink_to(tmp_path / "far" / "b.md")
    (folder / "c").symlink_to(tmp_path / "far")
    assert outcomes(folder) == {
        "a/a.md": None,
        "b.md": None,
        "c/b.md": ("ignored", "read as b.md"),
        "c/in/": ("ignored", "read as a/"),
    }


def test_cycles_end(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"sub/a.md": ""})
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "above").symlink_to(tmp_path)
    found = outcomes(folder)
    assert found.pop("self") is not None
    assert found == {
        "above/": ("ignored", f"a link to {tmp_path}, which is too wide to be meant"),
        "sub/a.md": None,
        "sub/up/": ("ignored", "a link to ."),
    }


def test_a_link_that_leads_nowhere_is_listed(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to(tmp_path / "none.md")
    assert outcomes(tmp_path) == {"a.md": ("failed", f"a link to {tmp_path / 'none.md'}: No such file or directory")}


def test_what_is_or_lies_below_a_link_that_leads_nowhere_is_away(tmp_path: Path) -> None:
    folder = fill(tmp_path, {"far.md": "", "far/a.md": ""})
    for name in ("b", "c.md"):
        (folder / name).symlink_to(folder / "none")
    known = ["b", "b/x.md", "b/y/z.md", "b.md", "bb/x.md", "c.md", "far.md", "far/a.md", "gone.md"]
    assert scan(folder).away(known) == {"b", "b/x.md", "b/y/z.md", "c.md"}
    (folder / "b").unlink()
    (folder / "c.md").unlink()
    assert scan(folder).away(known) == set()


def test_two_names_of_one_file_are_two_files(tmp_path: Path) -> None:
    fill(tmp_path, {"a.md": ""})
    (tmp_path / "b.md").hardlink_to(tmp_path / "a.md")
    assert outcomes(tmp_path) == {"a.md": None, "b.md": None}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may enter every folder")
def test_a_folder_that_may_not_be_entered_is_listed(tmp_path: Path) -> None:
    fill(tmp_path, {"a.md": "", "sub/b.md": ""})
    (tmp_path / "sub").chmod(0)
    try:
        assert outcomes(tmp_path) == {"a.md": None, "sub/": ("failed", "cannot be read: Permission denied")}
    finally:
        (tmp_path / "sub").chmod(0o700)


def test_what_the_rules_ignore_is_listed_with_the_rule(tmp_path: Path) -> None:
    fill(tmp_path, {".gitignore": "drafts/\n*.log\n", "a.md": "", "drafts/b.md": "", "sub/c.log": ""})
    fill(tmp_path, {"sub/.speedkingignore": "d.*\n", "sub/d.md": ""})
    found = outcomes(tmp_path)
    assert {path: found[path] for path in ("a.md", "drafts/", "sub/c.log", "sub/d.md")} == {
        "a.md": None,
        "drafts/": ("ignored", ".gitignore line 1: drafts/"),
        "sub/c.log": ("ignored", ".gitignore line 2: *.log"),
        "sub/d.md": ("ignored", "sub/.speedkingignore line 1: d.*"),
    }
    assert "drafts/b.md" not in found


def test_the_rules_of_a_linked_folder_hold_in_it(tmp_path: Path) -> None:
    fill(tmp_path / "far", {".gitignore": "a.md", "a.md": "", "b.md": ""})
    folder = fill(tmp_path / "docs", {"a.md": ""})
    (folder / "linked").symlink_to(tmp_path / "far")
    found = outcomes(folder)
    assert found["linked/a.md"] == ("ignored", "linked/.gitignore line 1: a.md")
    assert (found["linked/b.md"], found["a.md"]) == (None, None)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert outcomes(tmp_path) == {"pipe.md": ("ignored", "a pipe, socket or device")}


@pytest.mark.parametrize(("name", "refused"), [("a.MD", None), ("a.xyz", ".xyz"), ("LICENSE", "no suffix")])
def test_the_suffix_decides_what_is_read(tmp_path: Path, name: str, refused: str | None) -> None:
    verdict = outcomes(fill(tmp_path, {name: "x"}))[name]
    assert verdict == (
        None if refused is None else ("unsupported", f"{refused}: not a format that is read ({FORMATS})")
    )


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode on this system")
def test_a_name_that_is_not_unicode_is_listed_and_not_read(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).write_text("x")
    assert outcomes(tmp_path) == {r"caf\udce9.md": ("unsupported", "its name is not valid Unicode: rename it")}


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


def test_a_folder_that_went_away_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="cannot be read"):
        scan(tmp_path / "gone")


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode on this system")
def test_a_folder_whose_name_is_not_unicode_is_refused(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    with pytest.raises(FolderError, match="not valid Unicode"):
        check_folder(folder)
