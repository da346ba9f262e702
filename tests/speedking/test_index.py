from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model_folders import save_encoder
from tests.rag.small import TEA, fill
from tests.speedking.door import ROOT, Door, Library


def test_search_shows_passages_best_first(door: Door, library: Library) -> None:
    document = door("search", *library.indexed, "pier nine", "--json").document
    scores = [passage["score"] for passage in document["passages"]]
    assert scores == sorted(scores, reverse=True)
    best = document["passages"][0]
    assert {"file", "page", "score", "text", "start", "end"} <= best.keys()
    assert best["file"] == "ferry.md"
    text = (library.folder / best["file"]).read_bytes().decode()
    assert text[best["start"] : best["end"]] == best["text"]


def test_search_shows_as_many_as_asked_for(door: Door, library: Library) -> None:
    assert len(door("search", *library.indexed, "lighthouse", "--k", "2", "--json").document["passages"]) == 2
    assert door("search", *library.indexed, "lighthouse", "--k", "1").out.startswith(" 1. ")


def test_a_second_run_finds_nothing_changed(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA, "photo.jpg": "no"})
    first, second = (door("index", folder, "--json").document for _ in range(2))
    assert (first["added"], first["unchanged"]) == (2, 0)
    assert (second["added"], second["removed"], second["unchanged"]) == (0, 0, 2)
    assert first["passages"] == second["passages"] > 0
    assert first["files"] == second["files"]


def test_index_and_status_name_each_file_that_was_not_read(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA, "tin.md": TEA, "empty.md": ""})
    for command in ("index", "status"):
        shown = door(command, folder)
        assert shown.code == 0
        assert "3 files: 2 indexed, 1 no_text" in shown.out
        assert "empty.md: the file is empty" in shown.out
        files = door(command, folder, "--json").document["files"]
        assert files[0] == {"path": "empty.md", "outcome": "no_text", "reason": "the file is empty"}
        assert files[1:] == [{"path": name, "outcome": "indexed", "reason": None} for name in ("tea.md", "tin.md")]


def test_index_names_the_first_files_and_status_the_rest(door: Door, tmp_path: Path) -> None:
    names = [f"{number:02}.md" for number in range(25)]
    folder = fill(tmp_path / "docs", {"tea.md": TEA, ".gitignore": "*.log\n", "a.log": "", **dict.fromkeys(names, "")})
    shown = door("index", folder, "--index", tmp_path / "index").out
    assert "19.md" in shown
    assert "20.md" not in shown
    assert f"  and 7 more: speedking status {folder} --index {tmp_path / 'index'}\n" in shown
    told = door("status", folder, "--index", tmp_path / "index").out
    assert "20.md" in told
    assert "ignored     a.log: " in told


def test_a_score_is_said_to_be_what_it_is(door: Door, library: Library) -> None:
    assert "comparable within one search only" in door("search", *library.indexed, "pier nine").err
    assert "comparable within one search only" in door("search", *library.indexed, "pier", "--json").document["score"]


def test_status_tells_how_much_is_embedded_and_by_what(door: Door, library: Library) -> None:
    document = door("status", *library.indexed, "--json").document
    assert (document["embedded_share"], document["encoder"]) == (1.0, "all-MiniLM-L6-v2")
    assert "all-MiniLM-L6-v2" in door("status", *library.indexed).out


def test_to_verify_finds_what_size_and_time_hide(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    old = (folder / "tea.md").stat()
    os.utime(folder / "tea.md", ns=(old.st_atime_ns, old.st_mtime_ns - 10**10))
    assert door("index", folder).code == 0
    (folder / "tea.md").write_text(TEA.replace("80", "70"))
    os.utime(folder / "tea.md", ns=(old.st_atime_ns, old.st_mtime_ns - 10**10))
    assert door("index", folder, "--json").document["added"] == 0
    verified = door("index", folder, "--verify", "--json").document
    assert (verified["added"], verified["embedded"]) == (1, 1)


def test_watching_reads_what_changes_until_it_is_interrupted(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    command = [sys.executable, "-m", "speedking", "index", str(folder), "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        while "watching for changes" not in watching.stderr.readline():
            pass
        fill(folder, {"tin.md": "# Tin\n\nA tin keeps the light out.\n"})
        lines = iter(watching.stdout.readline, "")
        assert "1 file new or changed" in next(line for line in lines if line[2:3] == ":")
        watching.send_signal(signal.SIGINT)
        assert watching.wait() == 0


def test_to_watch_has_no_end_and_so_no_document(door: Door, library: Library) -> None:
    assert door("index", *library.indexed, "--watch", "--json").code == 2


def test_status_of_a_folder_that_was_never_read_tells_what_would_be_and_writes_nothing(
    door: Door, tmp_path: Path
) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA, "photo.jpg": "no", ".hidden": ""})
    shown = door("status", folder)
    assert shown.code == 0
    first, coverage, *_ = shown.out.splitlines()
    assert first == f"{folder} has no index yet: speedking index {folder}"
    assert coverage == "3 files: 1 ignored, 1 unsupported, 1 waiting"
    assert "  waiting     tea.md\n" in shown.out
    assert "  ignored     .hidden: hidden\n" in shown.out
    document = door("status", folder, "--json").document
    assert document["files"][2] == {"path": "tea.md", "outcome": "waiting", "reason": None}
    assert (document["passages"], document["changed_since"]) == (0, 3)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["ask", "search", "agent", "chat"])
def test_to_look_without_an_index_writes_nothing(door: Door, tmp_path: Path, command: str) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    asked = () if command == "chat" else ("tea?",)
    assert door(command, folder, *asked, "--no-sync").code == 1
    assert not (tmp_path / "data").exists()


def test_an_empty_folder_gets_no_index(door: Door, tmp_path: Path) -> None:
    assert door("index", fill(tmp_path / "docs", {".hidden": ""})).code == 1
    assert door("indexes", "--json").document["indexes"] == []
    assert not (tmp_path / "data").exists()


def test_status_for_another_encoder_tells_which_the_index_was_made_with(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    assert door("index", folder).code == 0
    before = sorted((tmp_path / "data").rglob("store-*"))
    mine = save_encoder(tmp_path / "mine")
    shown = door("status", folder, "--encoder", mine).out
    assert shown.startswith(f"{folder} has no index made with mine yet, but one made with all-MiniLM-L6-v2: ")
    assert sorted((tmp_path / "data").rglob("store-*")) == before


def test_a_link_that_is_followed_is_shown_with_where_it_leads(door: Door, tmp_path: Path) -> None:
    far = fill(tmp_path / "far", {"tin.md": "# Tin\n\nA tin keeps the light out.\n"})
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    (folder / "linked").symlink_to(far)
    for command in ("status", "index", "status"):
        assert f"  linked      linked/ -> {far}\n" in door(command, folder).out
    assert door("index", folder, "--json").document["links"] == [{"path": "linked/", "target": str(far)}]
    assert door("status", folder, "--json").document["links"] == [{"path": "linked/", "target": str(far)}]


@pytest.mark.parametrize("options", [["--after", "2020-01-01"], ["--filter", "linked.md"]])
def test_what_lies_on_a_drive_that_is_away_fits_a_filter_and_is_found(
    door: Door, tmp_path: Path, options: list[str]
) -> None:
    far = fill(tmp_path / "far", {"tin.md": "# Tin\n\nA tin keeps the light out.\n"})
    folder = fill(tmp_path / "docs", {"2019.md": TEA})
    (folder / "linked.md").symlink_to(far / "tin.md")
    assert door("index", folder).code == 0
    far.rename(tmp_path / "away")
    found = door("search", folder, "tin", *options, "--json").document["passages"]
    assert [passage["file"] for passage in found] == ["linked.md"]
    told = door("status", folder, "--json").document
    assert (told["files"][1]["path"], told["files"][1]["outcome"], told["changed_since"]) == ("linked.md", "failed", 0)


def test_a_query_of_words_that_no_document_has_is_told_so(door: Door, library: Library) -> None:
    shown = door("search", *library.indexed, "the frobnicated xyzzy", "--k", "1")
    assert "none of these words is in the documents: frobnicated, xyzzy; found by meaning alone" in shown.err
    assert shown.out.startswith(" 1. ")
    assert "xyzzy" not in door("search", *library.indexed, "ferry xyzzy").err


def test_words_count_only_in_the_files_that_are_looked_into(door: Door, library: Library) -> None:
    shown = door("search", *library.indexed, "ferry", "--filter", "*.pdf").err
    assert "none of these words is in the files looked into: ferry; found by meaning alone" in shown
    assert "none of these words" not in door("search", *library.indexed, "ferry", "--filter", "*.md").err


def test_the_folder_of_documents_is_never_written_to(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    before = folder.stat().st_mtime_ns
    assert door("index", folder).code == 0
    assert [path.name for path in folder.iterdir()] == ["tea.md"]
    assert folder.stat().st_mtime_ns == before
    assert list((tmp_path / "data").rglob("index.sqlite"))
