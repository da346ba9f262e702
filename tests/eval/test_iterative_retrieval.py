"""What the measurement of further cycles counts, over a folder where the second document is named by the first only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eval import Question
from eval.scripts.iterative_retrieval import Searches, cycled, result, shown, told
from rag import Answer, Index
from rag.passage import Passage
from tests.rag.small import fill

PAGE = Passage(1, "a.txt", None, "", 0, 9, "The film.")
QUESTION = Question(
    id="1",
    question="Which trade did the director of The Long Night learn?",
    answer="baker",
    answers=("baker",),
    evidence_docs=("film.txt", "people.txt"),
)


@pytest.fixture
def films(tmp_path: Path) -> Iterator[Index]:
    others = {f"other-{n}.txt": f"The Long Night, take {n}: a director did learn which trade.\n" for n in range(12)}
    film = {"film.txt": "The director of The Long Night did learn a trade. It was Ada Moreau.\n"}
    fill(tmp_path / "docs", {**film, **others, "people.txt": "Ada Moreau: baker.\n"})
    with Index.open(tmp_path / "docs", index=tmp_path / "index") as library:
        library.sync()
        yield library


def test_two_cycles_find_what_one_search_with_as_many_passages_does_not(films: Index) -> None:
    ran, single = cycled(films, Searches(films), 2)(QUESTION)
    assert (ran.recall, ran.both) == (1.0, 1.0)
    assert (single.recall, single.both) == (0.5, 0.0)
    assert single.passages == ran.passages > 5


def test_one_cycle_is_one_search(films: Index) -> None:
    ran, single = cycled(films, Searches(films), 1)(QUESTION)
    assert (ran.recall, ran.passages) == (single.recall, single.passages) == (0.5, 5)


def test_a_search_is_made_once_and_its_seconds_are_counted_each_time(films: Index) -> None:
    search = Searches(films)
    found = search("Ada Moreau", 5)
    assert search.saved_s == 0.0
    assert search("Ada Moreau", 5) is found
    assert search.saved_s > 0.0
    assert search("Ada Moreau", 3) is not found


def test_a_refusal_is_no_answer_whatever_its_text() -> None:
    refused = result(QUESTION, [PAGE], Answer("baker", answerable=False), 1.0)
    assert (refused.right, refused.token_f1, refused.recall) == (0.0, 0.0, 0.0)
    assert result(QUESTION, [PAGE], Answer("The baker."), 1.0).right == 1.0


def test_an_interval_that_cannot_be_told_is_left_out() -> None:
    alone = [result(QUESTION, [PAGE], Answer("baker"), 2.0)] * 2
    assert told([0.25, 0.25], alone, "{:.2f}") == "0.25"
    assert shown("2 cycles", alone).split(" | ")[2:] == ["0.000", "1.000", "1.000", "1.0", "2.00 |"]
