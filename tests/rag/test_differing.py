from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answer import Answer
from rag.differing import MOST, with_differing
from rag.passage import Passage
from rag.sentence import sentences_of
from rag.verify import cite
from tests.rag.small import passages

QUOTED = "An employee may work from home on up to two days a week."
NEWER = "An employee may work from home on up to three days a week."


def told(quoted: str, *others: str) -> list[str]:
    """What is told of other files for the sentence `quoted`, each text in a file of its own."""
    found = [replace(passages(text)[0], file=f"{number}.md") for number, text in enumerate([quoted, *others])]
    return [one.citation.quote for one in with_differing(quoting(found), found).differing]


def quoting(found: list[Passage]) -> Answer:
    sentence = sentences_of(0, found[0])[0]
    return Answer("It says so. [1]", (cite(sentence, found),))


@pytest.mark.parametrize(
    ("quoted", "other"),
    [
        (QUOTED, NEWER),
        (QUOTED, f"The rule is replaced by:\n\n{NEWER}"),
        (
            "The claim is entered within 45 days of the journey.",
            "1. The claim is entered within 21 days of the journey.",
        ),
        ("The plan covers glasses and dental care.", "The plan covers no glasses and no dental care."),
        ("| tier A (Paris, Zurich, Singapore, Dublin) | EUR 185 |", "| tier A (Paris, Zurich, Singapore) | EUR 160 |"),
    ],
)
def test_the_same_words_with_other_figures_or_a_denial_are_told_of(quoted: str, other: str) -> None:
    assert told(quoted, other) == [other.splitlines()[-1]]


@pytest.mark.parametrize(
    ("quoted", "other"),
    [
        (QUOTED, QUOTED),
        (QUOTED, "An employee may work from home."),
        (QUOTED, "A journey is booked two or three weeks ahead."),
        ("Revenue of the group rose by 5 percent in 2022.", "Revenue of the group rose by 7 percent in 2021."),
        ("Total revenue: 5", "Total revenue: 7"),
        ("1. The desk opens at ten for visitors.", "2. The desk opens at ten for visitors."),
    ],
)
def test_what_says_the_same_or_another_thing_is_not(quoted: str, other: str) -> None:
    assert told(quoted, other) == []


def test_a_file_does_not_differ_from_itself() -> None:
    found = passages(QUOTED, NEWER)
    assert with_differing(quoting(found), found).differing == ()


def test_a_few_versions_are_enough() -> None:
    others = [QUOTED.replace("two", number) for number in ("three", "four", "five")]
    assert told(QUOTED, *others) == others[:MOST]


def test_an_answer_without_citations_differs_from_nothing() -> None:
    answer = Answer("", answerable=False)
    assert with_differing(answer, passages(QUOTED, NEWER)) == answer
