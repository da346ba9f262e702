from __future__ import annotations

from pathlib import Path

from tests.rag.small import TEA, fill
from tests.speedking.door import Door, Library


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


def test_status_of_a_folder_that_was_never_read_says_so_and_reads_nothing(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    shown = door("status", folder)
    assert (shown.code, shown.out.splitlines()[0]) == (0, "nothing indexed yet")
    document = door("status", folder, "--json").document
    assert (document["files"], document["passages"], document["changed_since"]) == ([], 0, 1)


def test_the_folder_of_documents_is_never_written_to(door: Door, tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"tea.md": TEA})
    before = folder.stat().st_mtime_ns
    assert door("index", folder).code == 0
    assert [path.name for path in folder.iterdir()] == ["tea.md"]
    assert folder.stat().st_mtime_ns == before
    assert list((tmp_path / "data").rglob("index.sqlite"))
