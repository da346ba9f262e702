from __future__ import annotations

import pytest

from rag.sibling import tells_of_others
from tests.rag.small import passages

CARDS = passages(
    "An RTX 4090 writes 180 tokens/s with Python 3.11, for EUR 1,500. It is open from December 23.",
    "See Form 10-K, Annex 4 and Annex 5. Order at least 10 days ahead.",
    file="GPU-7.md",
)


@pytest.mark.parametrize("question", ["How fast is an RTX 4080?", "What says Annex 9?", "Does it need Python 2?"])
def test_another_number_behind_the_same_name_is_another_thing(question: str) -> None:
    assert tells_of_others(question, CARDS)


@pytest.mark.parametrize(
    "question",
    [
        "How fast is an RTX 4090?",
        "What is Annex 4?",
        "What became of GPU 7?",  # the file's name
        "Does it need Python 3?",  # 3.11 is one
        "What does Form 10K say?",
        "How do an RTX 4080 and an RTX 4090 compare?",  # half can be answered
        "Who approves EUR 5,000?",  # an amount
        "Is it open on December 24?",  # a date
        "What happened in Annex 2024?",  # a year, and no other is told of
        "May I order at least 14 days ahead?",
        "How fast is a GTX 1080?",  # nothing of that name is told of
        "How fast is it?",
    ],
)
def test_what_is_told_of_counted_or_dated_is_left_alone(question: str) -> None:
    assert not tells_of_others(question, CARDS)


SALES = passages(
    "Net sales | 34,229 | 35,355", "In FY21 sales fell. Scope 1 was 12, Scope 2 was 30.", file="report-2022.md"
)


@pytest.mark.parametrize(
    "question",
    ["What were net sales in 2019?", "How did sales move between 2017 and FY19?", "How high is scope 3?"],
)
def test_other_years_and_other_numbers_of_what_the_documents_name_are_others(question: str) -> None:
    assert tells_of_others(question, SALES)


@pytest.mark.parametrize(
    "question",
    [
        "What were net sales in 2022?",  # the file's name
        "What were net sales in FY2021?",
        "How did sales grow from 2019 to 2021?",  # half can be answered
        "How high are scope 1 and scope 3?",
        "What were net sales?",
    ],
)
def test_a_year_that_is_told_of_is_none(question: str) -> None:
    assert not tells_of_others(question, SALES)


def test_a_year_within_a_date_is_told_of() -> None:
    told = passages("20190405: the boiler was repaired. It dates from 1998.")
    assert not tells_of_others("What was repaired in 2019?", told)
