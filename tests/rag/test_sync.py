from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from inference.errors import FolderError
from rag.encoder import SentenceEncoder
from rag.filter import Filter
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


def files_found(index: Index, query: str, where: Filter | None = None) -> set[str]:
    return {passage.file for passage in index.search(query, where=where)}


def test_the_first_sync_reads_everything(index: Index) -> None:
    report = index.sync()
    assert [(file.path, file.outcome) for file in report.files] == [("kettle.txt", "indexed"), ("tea.md", "indexed")]
    assert (report.added, report.removed, report.unchanged, report.passages) == (2, 0, 0, 2)


def test_an_unchanged_folder_is_neither_parsed_nor_embedded_again(
    index: Index, watched: WatchedEncoder, folder: Path
) -> None:
    index.sync()
    watched.embedded.clear()
    report = index.sync()
    assert (report.added, report.unchanged, watched.embedded) == (0, 2, [])


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


def test_a_renamed_file_is_found_under_its_new_name_and_embeds_nothing(
    index: Index, watched: WatchedEncoder, folder: Path
) -> None:
    index.sync()
    watched.embedded.clear()
    (folder / "kettle.txt").rename(folder / "pots.txt")
    report = index.sync()
    assert (report.moved, report.added, report.removed, report.unchanged, watched.embedded) == (1, 0, 0, 1, [])
    assert files_found(index, "Aurora kettle") == {"tea.md", "pots.txt"}
    assert files_found(index, "pots", Filter(("pots.txt",))) == {"pots.txt"}
    assert [file.path for file in index.files()] == ["pots.txt", "tea.md"]
    assert index.sync().unchanged == 2


def test_a_folder_that_is_moved_takes_each_file_along(index: Index, watched: WatchedEncoder, folder: Path) -> None:
    fill(folder, {"a/one.md": "The same.", "a/two.md": "The same."})
    index.sync()
    watched.embedded.clear()
    (folder / "a").rename(folder / "b")
    assert (index.sync().moved, watched.embedded) == (2, [])
    assert [index.read(path)[0].text for path in ("b/one.md", "b/two.md")] == ["The same.", "The same."]
    assert index.read("a/one.md") == []


def test_another_suffix_is_another_format_and_no_rename(index: Index, folder: Path) -> None:
    index.sync()
    (folder / "tea.md").rename(folder / "tea.txt")
    report = index.sync()
    assert (report.moved, report.added, report.removed) == (0, 1, 1)
    assert [passage.heading for passage in index.read("tea.txt")] == [""]


def test_a_copy_embeds_nothing_where_its_embedded_text_is_the_same(
    index: Index, watched: WatchedEncoder, folder: Path
) -> None:
    index.sync()
    watched.embedded.clear()
    fill(folder, {"copies/tea.md": TEA})
    assert index.sync().added == 1
    assert watched.embedded == []
    assert files_found(index, "green tea", Filter(("copies/",))) == {"copies/tea.md"}


def test_a_change_that_keeps_size_and_time_is_seen_where_the_clock_may_hide_it(index: Index, folder: Path) -> None:
    index.sync()
    status = (folder / "tea.md").stat()
    fill(folder, {"tea.md": TEA.replace("80", "70")})
    os.utime(folder / "tea.md", ns=(status.st_atime_ns, status.st_mtime_ns))
    index.sync()
    assert "70 degrees" in index.read("tea.md")[0].text


def test_a_change_that_keeps_size_and_an_old_time_is_seen_when_all_is_verified(index: Index, folder: Path) -> None:
    os.utime(folder / "tea.md", ns=(1, 1))
    index.sync()
    fill(folder, {"tea.md": TEA.replace("80", "70")})
    os.utime(folder / "tea.md", ns=(1, 1))
    assert (index.sync().unchanged, "80 degrees" in index.read("tea.md")[0].text) == (2, True)
    assert (index.sync(verify=True).added, "70 degrees" in index.read("tea.md")[0].text) == (1, True)


def test_what_is_ignored_is_listed_and_not_counted(index: Index, folder: Path) -> None:
    fill(folder, {".gitignore": "*.log\n", "a.log": "x", "sub/.git/b.md": "x"})
    for added, unchanged in ((2, 0), (0, 2)):
        report = index.sync()
        assert (report.added, report.unchanged) == (added, unchanged)
        assert [(file.path, file.reason) for file in report.files if file.outcome == "ignored"] == [
            (".gitignore", "hidden"),
            ("a.log", ".gitignore line 1: *.log"),
            ("sub/.git/", "hidden"),
        ]
    assert index.stale_files() == 0


def test_a_rule_that_comes_and_goes_takes_the_file_out_and_in(index: Index, folder: Path) -> None:
    index.sync()
    fill(folder, {".speedkingignore": "kettle*\n"})
    index.sync()
    assert files_found(index, "Aurora kettle") == {"tea.md"}
    (folder / ".speedkingignore").unlink()
    index.sync()
    assert files_found(index, "Aurora kettle") == {"tea.md", "kettle.txt"}


def test_a_linked_document_is_read(index: Index, folder: Path, tmp_path: Path) -> None:
    fill(tmp_path / "far", {"pets.md": "A kitten sleeps."})
    (folder / "linked").symlink_to(tmp_path / "far")
    index.sync()
    assert "linked/pets.md" in files_found(index, "kitten")


def test_between_the_stages_words_find_what_vectors_do_not(index: Index, folder: Path) -> None:
    seen: list[tuple[int, int, float]] = []

    def on_read(left: int) -> None:
        seen.append((left, index.passages, index.embedded_share))

    index.sync(on_read=on_read)
    assert seen == [(2, 2, 0.0)]
    assert index.embedded_share == 1.0
    fill(folder, {"new.md": "Pots."})
    index.sync(on_read=on_read)
    assert seen[1][:2] == (1, 3)
    assert seen[1][2] == pytest.approx(2 / 3)
    index.sync(on_read=on_read)
    assert len(seen) == 2


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


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may read every file")
def test_a_file_that_cannot_be_read_is_new_once(index: Index, folder: Path) -> None:
    (folder / "tea.md").chmod(0)
    index.sync()
    again = index.sync()
    assert (again.added, again.removed, again.unchanged) == (0, 0, 2)
    (folder / "tea.md").chmod(0o600)
    fill(folder, {"tea.md": TEA + "More."})
    (folder / "tea.md").chmod(0)
    assert (index.sync().added, index.stale_files()) == (0, 0)
    assert index.files()[1].outcome == "failed"


def test_what_lies_behind_a_link_stays_while_its_drive_is_away(
    index: Index, watched: WatchedEncoder, folder: Path, tmp_path: Path
) -> None:
    drive = fill(tmp_path / "drive", {"tin.md": "A tin for oolong.", "photo.jpg": "x"})
    (folder / "linked").symlink_to(drive)
    index.sync()
    drive.rename(tmp_path / "away")
    assert index.stale_files() == 0
    report = index.sync()
    assert (report.added, report.removed, report.unchanged) == (1, 0, 4)
    listed = {file.path: (file.outcome, file.reason) for file in report.files}
    assert listed["linked/tin.md"] == ("indexed", None)
    assert listed["linked"] == ("failed", f"a link to {drive}: No such file or directory; what was read of it stays")
    assert "linked/tin.md" in files_found(index, "oolong")
    assert (index.sync().added, index.stale_files()) == (0, 0)
    (tmp_path / "away").rename(drive)
    watched.embedded.clear()
    assert index.sync().added == 0
    assert watched.embedded == []
    (folder / "linked").unlink()
    index.sync()
    assert "linked/tin.md" not in files_found(index, "oolong")


def test_a_linked_file_stays_while_its_drive_is_away_and_is_said_to_be(
    index: Index, watched: WatchedEncoder, folder: Path, tmp_path: Path
) -> None:
    drive = fill(tmp_path / "drive", {"tin.md": "A tin for oolong."})
    (folder / "linked.md").symlink_to(drive / "tin.md")
    index.sync()
    drive.rename(tmp_path / "away")
    assert index.stale_files() == 0
    report = index.sync()
    assert (report.added, report.removed, report.unchanged) == (0, 0, 3)
    linked = {file.path: file for file in report.files}["linked.md"]
    assert (linked.outcome, linked.reason) == (
        "failed",
        f"a link to {drive / 'tin.md'}: No such file or directory; what was read of it stays",
    )
    assert "linked.md" in files_found(index, "oolong")
    assert (index.sync().unchanged, index.stale_files()) == (3, 0)
    (tmp_path / "away").rename(drive)
    assert index.stale_files() == 1
    watched.embedded.clear()
    index.sync()
    assert {file.path: file.outcome for file in index.files()}["linked.md"] == "indexed"
    assert (watched.embedded, index.stale_files()) == ([], 0)
    (folder / "linked.md").unlink()
    assert index.sync().removed == 1
    assert "linked.md" not in files_found(index, "oolong")


@pytest.mark.parametrize("name", ["linked.md", "linked"])
def test_what_is_away_keeps_its_date(index: Index, folder: Path, tmp_path: Path, name: str) -> None:
    drive = fill(tmp_path / "drive", {"tin.md": "A tin for oolong."})
    noon_2021_ns = 1_622_548_800 * 10**9
    os.utime(drive / "tin.md", ns=(noon_2021_ns, noon_2021_ns))
    (folder / name).symlink_to(drive / "tin.md" if name == "linked.md" else drive)
    index.sync()
    drive.rename(tmp_path / "away")
    index.sync()
    since_2020, since_2022 = (Filter((f"{name}*",), date(year, 1, 1)) for year in (2020, 2022))
    found = "linked.md" if name == "linked.md" else "linked/tin.md"
    assert files_found(index, "oolong", since_2020) == {found}
    assert files_found(index, "oolong", since_2022) == set()
    assert (index.fits(since_2020), index.fits(since_2022)) == (True, False)


def test_a_link_that_never_led_anywhere_left_nothing_that_stays(index: Index, folder: Path, tmp_path: Path) -> None:
    (folder / "linked").symlink_to(tmp_path / "none")
    listed = {file.path: file.reason for file in index.sync().files}
    assert listed["linked"] == f"a link to {tmp_path / 'none'}: No such file or directory"


def test_an_empty_file_of_1970_is_not_taken_for_one_that_is_away(index: Index, folder: Path) -> None:
    fill(folder, {"empty.txt": ""})
    os.utime(folder / "empty.txt", ns=(0, 0))
    index.sync()
    assert index.sync(verify=True).added == 0


def test_a_file_that_is_gone_fits_no_filter(index: Index, folder: Path) -> None:
    index.sync()
    assert index.fits(Filter(("tea.md",)))
    (folder / "tea.md").unlink()
    assert not index.fits(Filter(("tea.md",)))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may enter every folder")
def test_what_lies_in_a_folder_stays_while_it_cannot_be_read(index: Index, folder: Path) -> None:
    fill(folder, {"sub/tin.md": "A tin for oolong.", "sub-2/jar.md": "A jar."})
    index.sync()
    (folder / "sub-2" / "jar.md").unlink()
    (folder / "sub").chmod(0)
    try:
        report = index.sync()
        assert report.removed == 1
        assert {file.path: file.reason for file in report.files}["sub/"] == (
            "cannot be read: Permission denied; what was read of it stays"
        )
        assert "sub/tin.md" in files_found(index, "oolong")
    finally:
        (folder / "sub").chmod(0o700)


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


def test_progress_rises_to_the_whole_in_each_stage(folder: Path, tmp_path: Path) -> None:
    fill(folder, MANY)
    seen: list[Progress] = []
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync(seen.append)
    for stage in ("read", "embed"):
        shares = [progress.share for progress in seen if progress.stage == stage]
        assert shares == sorted(shares)
        assert (shares[-1], len(shares) > 2) == (1.0, True)
    assert [progress.stage for progress in seen] == sorted((progress.stage for progress in seen), reverse=True)
    assert (seen[-1].files, seen[-1].total_files) == (402, 402)


def test_what_was_committed_and_not_yet_in_chroma_is_found_by_the_next_search(folder: Path, tmp_path: Path) -> None:
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:

        def full_disk() -> VectorStore:
            raise OSError("no space left on device")

        with pytest.raises(OSError, match="no space"), index._store.writing():
            Sync(folder, index._database, WordEncoder(), full_disk).run()
        # BM25 knows no kettlebell: only its vector finds it.
        assert index.search("kettlebell", k=1)[0].file == "kettle.txt"
        assert vector_count(index) == 2


@pytest.mark.parametrize("slices", [0, 1, 5])  # of 64
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
    return index._store._vectors.count()
