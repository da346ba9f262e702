from __future__ import annotations

import pytest

from rag.counterpart import phrases, with_value


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        (
            "What is the price of the PulseLog 40 in USD in 2024?",
            "in EUR",
            "What is the price of the PulseLog 40 in EUR in 2024?",
        ),
        (
            "What is the price of the PulseLog 40 in USD in 2024?",
            "in 2023",
            "What is the price of the PulseLog 40 in USD in 2023?",
        ),
        (
            "What is the price of the PulseLog 40 in USD?",
            "the PulseLog 60",
            "What is the price of the PulseLog 60 in USD?",
        ),
        ("What was the revenue of 3M in FY22?", "Adobe's", "What was the revenue of Adobe in FY22?"),
        ("How many experts does qwen3.5:35b have?", "qwen3:30b-a3b", "How many experts does qwen3:30b-a3b have?"),
        (
            "Who owns the contract with Fossgard Cells in Porto?",
            "in Ghent",
            "Who owns the contract with Fossgard Cells in Ghent?",
        ),
        ("What was the revenue of Acme in Germany?", "Globex", "What was the revenue of Globex in Germany?"),
        ("How wide is a card of 23 GiB?", "of 47 GiB", "How wide is a card of 47 GiB?"),
    ],
)
def test_a_value_takes_the_place_of_one_of_its_kind(question: str, value: str, expected: str) -> None:
    assert with_value(question, value) == expected


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        ("How long are payroll records kept?", "training records", "How long are training records kept?"),
        ("What does section 3 say about travel?", "section 4", "What does section 4 say about travel?"),
        ("What nDCG does rank fusion reach?", "convex fusion", "What nDCG does convex fusion reach?"),
        (
            "How many weeks does the first parent get?",
            "the second parent",
            "How many weeks does the second parent get?",
        ),
        (
            "What is paid for a private car in 2022?",
            "for a motorcycle in 2024",
            "What is paid for a motorcycle in 2024?",
        ),
        ("Who leads the calibration laboratory?", "accounts payable", "Who leads the accounts payable?"),
    ],
)
def test_plain_words_take_the_place_of_what_shares_a_word_or_stands_as_they_do(
    question: str, value: str, expected: str
) -> None:
    assert with_value(question, value) == expected


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        ("How long are records kept?", "in Portugal", "How long are records kept in Portugal?"),
        ("When does the ferry to Ost leave?", "Sundays", "When does the ferry to Ost leave, Sundays?"),
        ("What is the price of the PulseLog 40?", "in the US", "What is the price of the PulseLog 40 in the US?"),
        ("What is the price of tea?", "in May", "What is the price of tea in May?"),
        ("How high is the limit for hotels?", "meals", "How high is the limit for hotels, meals?"),
        ("Who approves it (work from home)?", "in Portugal", "Who approves it (work from home in Portugal)?"),
    ],
)
def test_a_value_without_a_counterpart_is_put_at_the_end(question: str, value: str, expected: str) -> None:
    assert with_value(question, value) == expected


def test_the_verb_at_the_end_is_no_part_of_a_phrase() -> None:
    assert [phrase.words for phrase in phrases("What does the second parent get?")] == [("second", "parent")]
    assert [phrase.words for phrase in phrases("When does the contract with Acme end?")] == [("contract",), ("Acme",)]
