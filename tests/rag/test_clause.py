from __future__ import annotations

import pytest

from rag.clause import Clause


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("How many working days may be carried over", ("How many", "working days", "may", "be carried over")),
        (
            "On how many days a week could staff work at home",
            ("On how many", "days a week", "could", "staff work at home"),
        ),
        ("Who owns the contract", ("Who", "", "owns", "the contract")),
        ("Was a ransom paid", ("", "", "Was", "a ransom paid")),
        ("since which version", ("since which", "version", "", "")),
        ("What changed", ("What", "", "", "changed")),
        ("in May", ("", "", "", "in May")),
        ("Show me what the policy is", ("", "", "Show", "me what the policy is")),
    ],
)
def test_a_question_is_taken_apart(question: str, parts: tuple[str, str, str, str]) -> None:
    clause = Clause.of(question)
    assert (clause.word, clause.noun, clause.verb, clause.rest) == parts


def test_a_unit_of_the_answer_is_not_what_a_question_is_about() -> None:
    assert Clause.of("How many working days may be carried over").counted == ""
    assert Clause.of("How many vectors are in one file").counted == "vectors"
    assert Clause.of("From which pier does it leave").counted == ""


def test_behind_an_attribute_stands_what_it_belongs_to() -> None:
    assert Clause.of("What is the default of num_keep").beyond_attribute == "num_keep"
    assert Clause.of("Why is the default of num_keep four").beyond_attribute == "the default of num_keep four"


@pytest.mark.parametrize("text", ["show me the leave policy", "Tell me what it is", "compare Acme with Globex"])
def test_a_command_is_no_value(text: str) -> None:
    assert Clause.of(text).is_command
    assert not Clause.of(text).is_value


@pytest.mark.parametrize("text", ["list price", "the list of suppliers", "showers"])
def test_a_noun_that_looks_like_a_command_is_a_value(text: str) -> None:
    assert Clause.of(text).is_value
    assert not Clause.of(text).is_command
