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
        "What happened in Annex 2024?",  # a year
        "May I order at least 14 days ahead?",
        "How fast is a GTX 1080?",  # nothing of that name is told of
        "How fast is it?",
    ],
)
def test_what_is_told_of_counted_or_dated_is_left_alone(question: str) -> None:
    assert not tells_of_others(question, CARDS)
