from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rag.encoder import SentenceEncoder
from rag.filter import Filter
from rag.index import Index
from rag.retrieve import Fusion, reranked
from tests.rag.small import fill

DOCUMENTS = {
    "tea.md": "Green tea is brewed at 80 degrees.",
    "kettle.md": "A kettle boils water for hot drinks.",
    "parts.md": "Seals and rings are in the second drawer; XQ-4711 lies there too, below the filters for the pump.",
    "gasket.md": "The gasket of that model is ordered under XQ-7411.",
    "spring.md": "The spring of that model is ordered under QX-1147.",
    "valve.md": "The valve of that model is ordered under XO-4117.",
    "pets.md": "A kitten sleeps for most of the day.",
    "copy.md": "A kettle boils water for hot drinks.",
}


@contextmanager
def indexed(place: Path, documents: Mapping[str, str], encoder: SentenceEncoder) -> Iterator[Index]:
    with Index.open(fill(place / "docs", documents), index=place / "index", encoder=encoder) as opened:
        opened.sync()
        yield opened


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Iterator[Index]:
    with indexed(tmp_path_factory.mktemp("retrieve"), DOCUMENTS, encoder) as opened:
        yield opened


def test_the_best_comes_first_and_scores_fall(index: Index) -> None:
    found = index.search("How hot should green tea be brewed?")
    scores = [passage.score for passage in found if passage.score is not None]
    assert found[0].file == "tea.md"
    assert len(scores) == len(DOCUMENTS) - 1
    assert scores == sorted(scores, reverse=True)


def test_a_paraphrase_that_shares_no_word_is_found_by_its_vector(index: Index) -> None:
    assert index.search("young cat", k=1)[0].file == "pets.md"


def test_a_rare_exact_word_is_found_by_bm25(index: Index) -> None:
    assert index.search("Where is XQ-4711?", k=1)[0].file == "parts.md"


def test_the_same_query_gives_the_same_list(index: Index) -> None:
    assert index.search("boiling water") == index.search("boiling water")


def test_a_copy_takes_no_second_place(index: Index) -> None:
    found = [passage.file for passage in index.search("boiling water in a kettle")]
    assert len({"kettle.md", "copy.md"} & set(found)) == 1


def test_the_file_that_the_question_names_goes_first(index: Index) -> None:
    question = "The part of that model is ordered under which number?"
    assert index.search(f"Spring: {question}", k=1)[0].file == "spring.md"
    assert index.search(f"Valve: {question}", k=1)[0].file == "valve.md"


def test_a_filter_holds_on_both_sides(index: Index) -> None:
    found = index.search("XQ-4711 hot tea", where=Filter(globs=("gasket.md", "pets.md")))
    assert {passage.file for passage in found} == {"gasket.md", "pets.md"}


class ByLength:
    name = "by length"

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        self.read = list(texts)
        return [float(len(text)) for text in texts]


def test_a_reranker_has_the_last_word(index: Index) -> None:
    first = next(reranked("tea", index.search("tea"), ByLength()))
    assert (first.file, first.score) == ("parts.md", float(len(DOCUMENTS["parts.md"])))


CAFE = {
    "coffee.md": "Coffee machines brew espresso for guests.",
    "house.md": f"Parking is free on Sundays. Bo repairs the espresso machine. {'The gate closes at ten. ' * 6}",
}


@pytest.fixture(scope="module")
def cafe(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Iterator[Index]:
    with indexed(tmp_path_factory.mktemp("cafe"), CAFE, encoder) as opened:
        yield opened


def test_late_interaction_decides_between_the_first(cafe: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, dense = "Who repairs the espresso machine?", Fusion(bm25=0, late=0)
    for fusion, first in ((dense, "coffee.md"), (replace(dense, late=10), "house.md")):
        monkeypatch.setattr(cafe, "fusion", fusion)
        assert cafe.search(asked)[0].file == first


def test_a_reranker_takes_the_place_of_late_interaction(cafe: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    reranker = ByLength()
    monkeypatch.setattr(cafe, "fusion", Fusion(bm25=0, late=10))
    monkeypatch.setattr(cafe, "reranker", reranker)
    assert [one.score for one in cafe.search("Who repairs the espresso machine?")] == [
        len(CAFE["house.md"].strip()),
        41,
    ]
    assert reranker.read[0] == CAFE["coffee.md"]


def test_at_most_k_are_returned(index: Index) -> None:
    assert len(index.search("tea", k=2)) == 2


@pytest.mark.parametrize("query", ["", '"', "AND OR NOT", "NEAR(", "the of and"])
def test_a_query_without_content_is_no_error(index: Index, query: str) -> None:
    assert len(index.search(query)) == len(DOCUMENTS) - 1


def test_copies_take_no_places_of_others(tmp_path: Path, encoder: SentenceEncoder) -> None:
    copies = {f"copy-{number:02}.md": "Green tea is brewed at 80 degrees." for number in range(70)}
    others = {f"note-{number}.md": f"Note {number}: a kettle boils water." for number in range(3)}
    with indexed(tmp_path, copies | others, encoder) as index:
        assert len(index.search("How hot is green tea brewed?", 4)) == 4
