from __future__ import annotations

import pytest

from rag.counterpart import with_value


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


REVENUE = "What was the revenue of 3M in 2018?"
PRICE = "What is the price of the PulseLog 40 in USD in 2024?"


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        (REVENUE, "in 2019 and 2020", "What was the revenue of 3M in 2019 and 2020?"),
        (REVENUE, "2019, 2020", "What was the revenue of 3M in 2019, 2020?"),
        (REVENUE, "between 2019 and 2021", "What was the revenue of 3M between 2019 and 2021?"),
        (REVENUE, "from 2019 to 2021", "What was the revenue of 3M from 2019 to 2021?"),
        (REVENUE, "Acme's and Globex's", "What was the revenue of Acme and Globex in 2018?"),
        (
            "How much leave is there in Malaysia?",
            "in Portugal or Spain",
            "How much leave is there in Portugal or Spain?",
        ),
        (PRICE, "both in EUR and GBP", "What is the price of the PulseLog 40 both in EUR and GBP in 2024?"),
        ("What is the bonus of grade 9?", "of grade 10 and 11", "What is the bonus of grade 10 and 11?"),
        (
            "How many weeks does the first parent get?",
            "the second and third parent",
            "How many weeks does the second and third parent get?",
        ),
    ],
)
def test_values_that_are_joined_come_as_one(question: str, value: str, expected: str) -> None:
    assert with_value(question, value) == expected


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        ("What was the revenue of 3M in 2018 and 2019?", "in 2020", "What was the revenue of 3M in 2020?"),
        ("What was the revenue of 3M between 2018 and 2019?", "in 2020", "What was the revenue of 3M in 2020?"),
        ("What is the price in both EUR and GBP?", "in USD", "What is the price in USD?"),
        ("How much leave is there in Spain, Portugal and France?", "Malta", "How much leave is there in Malta?"),
        ("What did Acme and Globex pay in 2018?", "Initech", "What did Initech pay in 2018?"),
        ("How long are payroll and training records kept?", "tax records", "How long are tax records kept?"),
        ("What was paid from Porto to Ghent?", "to Milan", "What was paid from Porto to Milan?"),
    ],
)
def test_values_that_are_joined_go_as_one(question: str, value: str, expected: str) -> None:
    assert with_value(question, value) == expected


@pytest.mark.parametrize(
    ("question", "value", "expected"),
    [
        ("What did Acme pay in France?", "Globex in Germany", "What did Globex pay in Germany?"),
        ("What was sold in March 2019?", "in April 2020", "What was sold in April 2020?"),
        ("What was sold in March 2019?", "in 2020", "What was sold in March 2020?"),
        (REVENUE, "in Q3", "What was the revenue of 3M in 2018 in Q3?"),
        (REVENUE, "of Acme, in 2020", "What was the revenue of Acme in 2020?"),
    ],
)
def test_each_value_takes_a_place_of_its_own(question: str, value: str, expected: str) -> None:
    assert with_value(question, value) == expected


def test_a_command_is_no_value() -> None:
    assert with_value("Show me the revenue of Acme?", "Globex") == "Show me the revenue of Globex?"
