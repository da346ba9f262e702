from __future__ import annotations

import pytest

from rag.sibling import tells_of_others
from tests.rag.small import passages

CARDS = passages(
    "An RTX 4090 writes 180 tokens/s.", "Scope 1 and scope 2 fell in March 2023. See section 4.", file="gpu-7.md"
)


@pytest.mark.parametrize("question", ["How fast is an RTX 4080?", "What of scope 3 emissions?", "What says section 9?"])
def test_another_number_behind_the_same_word_is_another_thing(question: str) -> None:
    assert tells_of_others(question, CARDS)


@pytest.mark.parametrize(
    "question",
    [
        "How fast is an RTX 4090?",
        "What of Scope 2?",
        "What became of GPU 7?",  # the file's name
        "How fast is an RTX A6000?",  # no number
        "What happened in March 2024?",  # a year
        "Does it write more than 200 tokens/s?",
        "How fast is a GTX 1080?",  # nothing of that name is told of
        "How fast is it?",
    ],
)
def test_what_is_told_of_or_has_no_sibling_is_left_alone(question: str) -> None:
    assert not tells_of_others(question, CARDS)
