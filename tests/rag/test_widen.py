from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag import Index, Passage
from rag.pack import render
from rag.widen import ROUNDS, Widener
from tests.rag.small import WordEncoder, fill, write_pdf

SECTIONS = [f"Section {number} tells of tea {'and more of it ' * 6}in {1990 + number}." for number in range(6)]


def words(text: str) -> int:
    return len(text.split())


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Index]:
    folder = fill(tmp_path / "docs", {"a.md": "# Tea\n\n" + "\n\n".join(SECTIONS), "b.md": "Coffee is roasted."})
    write_pdf(folder / "c.pdf", "Page one speaks of cocoa.", "Page two speaks of malt.")
    with Index.open(folder, index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        yield index


def passages(library: Index, file: str = "a.md") -> list[Passage]:
    found = library.read(file)
    assert len(found) > 1
    return [replace(one, score=1.0 / number) for number, one in enumerate(found, start=1)]


def widened(library: Index, packed: list[Passage], budget: int) -> list[Passage]:
    return Widener(library.run, words).widened(packed, budget)


def whole_text(library: Index, file: str) -> str:
    return (library.folder / file).read_text("utf-8")


def test_a_run_is_the_documents_text_with_what_stands_between_its_passages(library: Index) -> None:
    first, second, *_ = passages(library)
    run = library.run(first.id, second.id)
    assert run is not None
    assert run.text == whole_text(library, "a.md")[first.start : second.end]
    assert (run.start, run.end, run.file) == (first.start, second.end, "a.md")


def test_there_is_no_run_across_files_or_pages_or_past_the_end(library: Index) -> None:
    last_of_a, of_b = passages(library)[-1], library.read("b.md")[0]
    pages = library.read("c.pdf")
    assert library.run(*sorted([last_of_a.id, of_b.id])) is None
    assert [page.page for page in pages] == [1, 2]
    assert library.run(pages[0].id, pages[1].id) is None
    assert library.run(10_000, 10_001) is None


def test_a_runs_heading_is_what_its_passages_have_in_common(tmp_path: Path) -> None:
    text = "# Tea\n\n## Green\n\n" + SECTIONS[0] + "\n\n## Black\n\n" + SECTIONS[1]
    with Index.open(fill(tmp_path / "d", {"a.md": text}), index=tmp_path / "i", encoder=WordEncoder()) as library:
        library.sync()
        found = library.read("a.md")
        assert [one.heading for one in found] == ["Tea > Green", "Tea > Black"]
        run = library.run(found[0].id, found[-1].id)
        assert run is not None
        assert run.heading == "Tea"


def test_room_is_filled_with_what_stands_beside_the_best(library: Index) -> None:
    every = passages(library)
    (block,) = widened(library, [every[2]], budget=10_000)
    assert block.start < every[2].start
    assert block.end > every[2].end
    assert block.score == every[2].score


def test_a_passage_grows_to_both_sides_and_not_without_end(tmp_path: Path) -> None:
    text = "\n\n".join(f"Tea {number} {'and more of it ' * 12}ends." for number in range(20))
    with Index.open(fill(tmp_path / "d", {"a.md": text}), index=tmp_path / "i", encoder=WordEncoder()) as library:
        library.sync()
        every = library.read("a.md")
        (block,) = Widener(library.run, words).widened([every[10]], 100_000)
        assert (block.start, block.end) == (every[10 - ROUNDS].start, every[10 + ROUNDS].end)
        assert len(every) > 10 + ROUNDS


def test_nothing_grows_past_the_budget_and_nothing_packed_is_lost(library: Index) -> None:
    every = passages(library)
    packed = [every[0], every[-1]]
    alone = sum(words(render(10, one)) + 2 for one in packed)
    for budget in (0, alone, alone + 20, alone + 60):
        blocks = widened(library, packed, budget)
        assert sum(words(render(10, one)) + 2 for one in blocks) <= max(budget, alone)
        assert all(any(one.start <= part.start and part.end <= one.end for one in blocks) for part in packed)
    assert widened(library, packed, alone) == packed


def test_passages_that_touch_become_one_in_the_place_of_the_better(library: Index) -> None:
    every, of_b = passages(library), library.read("b.md")[0]
    blocks = widened(library, [every[1], of_b, every[0]], budget=0)
    assert [block.file for block in blocks] == ["a.md", "b.md"]
    assert (blocks[0].start, blocks[0].end) == (every[0].start, every[1].end)
    assert blocks[0].score == every[0].score  # the best of both


def test_what_the_index_does_not_hold_any_more_stays_as_it_was_found(library: Index) -> None:
    stale = replace(passages(library)[0], text="It said something else.")
    assert widened(library, [stale], budget=10_000) == [stale]
