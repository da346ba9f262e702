from __future__ import annotations

from math import log

import pytest

from rag.route import FileNames

FILES = {
    1: "ADOBE_2022_10K.pdf",
    2: "BESTBUY_2023_10K.pdf",
    3: "3M_2022_10K.pdf",
    4: "reports/Pfizer_2021_10K.pdf",
    5: "week18/20260506_1200.txt",
}


@pytest.fixture
def names() -> FileNames:
    return FileNames(FILES, lambda word: 1)


def best(names: FileNames, question: str) -> int:
    route = names.route(question)
    return max(route, key=lambda key: route[key])


@pytest.mark.parametrize(
    ("question", "file"),
    [
        ("What was Adobe's revenue?", 1),
        ("What did Best Buy sell?", 2),  # written in one in the name
        ("Is 3M a capital-intensive business?", 3),
        ("Did Pfizer grow between FY20 and FY21?", 4),  # a year of two digits
        ("Who called on 20260506?", 5),
    ],
)
def test_a_question_finds_the_file_that_it_names(names: FileNames, question: str, file: int) -> None:
    assert best(names, question) == file


def test_a_route_is_the_rarity_of_the_words_in_nats(names: FileNames) -> None:
    # Six over one file for the company, six over two for the year.
    assert names.route("Adobe in FY2022")[1] == pytest.approx(log(6 / 1) + log(6 / 2))


def test_a_question_that_names_no_file_has_no_route(names: FileNames) -> None:
    assert names.route("How hot is tea brewed?") == {}


def test_the_words_that_name_files_are_taken_out(names: FileNames) -> None:
    assert names.without_names("What did Best Buy's stores earn in FY2023?") == "What did stores earn in"


def test_words_of_a_name_that_stand_apart_stay(names: FileNames) -> None:
    assert names.without_names("What is the best place to buy tea?") == "What is the best place to buy tea?"


def test_a_common_word_in_a_name_is_no_name() -> None:
    names = FileNames({1: "prompt-cache.md", 2: "adobe.md"}, {"cache": 5, "adobe": 2}.__getitem__)
    assert names.route("What does the cache at Adobe cost?") == {2: log(3)}
    assert names.without_names("What does the cache at Adobe cost?") == "What does the cache at cost?"
