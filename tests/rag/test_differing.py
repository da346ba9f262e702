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
        (
            "The plan pays its share of the cost (EUR 45) for glasses.",
            "The plan pays its share of the cost (EUR 60) for glasses.",
        ),
        ("Employees carry the office phone once a week.", "Employees carry the office phone twice a week."),
        ("The bonus for inventions is 2000 EUR.", "The bonus for inventions is 1950 EUR."),
    ],
)
def test_the_same_words_with_other_figures_or_a_denial_are_told_of(quoted: str, other: str) -> None:
    assert told(quoted, other) == [other.splitlines()[-1]]


@pytest.mark.parametrize(
    ("quoted", "other"),
    [
        (QUOTED, QUOTED),
        (QUOTED, QUOTED.replace("two", "2")),
        (QUOTED, "An employee may work from home."),
        (QUOTED, "A journey is booked two or three weeks ahead."),
        ("Revenue of the group rose by 5 percent in 2022.", "Revenue of the group rose by 7 percent in 2021."),
        ("Revenue of the group in FY22: 45", "Revenue of the group in FY21: 40"),
        ("Revenue of the group in Q1: 45", "Revenue of the group in Q2: 40"),
        ("The office desk opened on 2024-03-01 at 10.", "The office desk opened on 2024-03-08 at 11."),
        ("| P200 | centrifugal steel pump | 450 EUR |", "| P100 | centrifugal steel pump | 300 EUR |"),
        (
            "Level 2 support answers every ticket within 8 hours.",
            "Level 1 support answers every ticket within 4 hours.",
        ),
        ("The card has 24 GB of fast memory.", "The card has 24GB of fast memory."),
        ("Total revenue: 5", "Total revenue: 7"),
        ("1. The desk opens at ten for visitors.", "2. The desk opens at ten for visitors."),
        ("§ 4 The desk opens at ten for visitors.", "§ 5 The desk opens at ten for visitors."),
    ],
)
def test_what_says_the_same_or_another_thing_is_not(quoted: str, other: str) -> None:
    assert told(quoted, other) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("prices-{}.csv", "item,price,unit\nParking space,60,month\n", "item,price,unit\nParking space,45,month\n"),
        (
            "prices-{}.md",
            "| item | price |\n|---|---|\n| Spare key | 30 |\n",
            "| item | price |\n|---|---|\n| Spare key | 35 |\n",
        ),
    ],
)
def test_a_row_needs_few_words_under_the_same_columns(name: str, old: str, new: str) -> None:
    found = [replace(passages(text)[0], file=name.format(number)) for number, text in enumerate((old, new))]
    quoted = sentences_of(0, found[0])[-1]
    (other,) = with_differing(Answer("30 [1]", (cite(quoted, found),)), found).differing
    assert (other.citation.file, other.denies) == (name.format(1), False)


@pytest.mark.parametrize(
    ("file", "other", "row"),
    [("amd-2022.md", "intel-2022.md", "Total assets"), ("berlin.csv", "hamburg.csv", "Parking space")],
)
def test_rows_of_two_words_in_other_tables_are_other_rows(file: str, other: str, row: str) -> None:
    texts = [f"| item | price |\n|---|---|\n| {row} | {price} |\n" for price in (30, 35)]
    found = [replace(passages(text)[0], file=name) for text, name in zip(texts, (file, other), strict=True)]
    quoted = sentences_of(0, found[0])[-1]
    assert with_differing(Answer("30 [1]", (cite(quoted, found),)), found).differing == ()


def test_a_column_more_makes_no_other_row() -> None:
    texts = (
        "| item | price |\n|---|---|\n| Spare key for flat door | 30 |\n",
        "| Item | Price | Note |\n|---|---|---|\n| Spare key for flat door | 35 | |\n",
    )
    found = [replace(passages(text)[0], file=f"{number}.md") for number, text in enumerate(texts)]
    quoted = sentences_of(0, found[0])[-1]
    assert len(with_differing(Answer("30 [1]", (cite(quoted, found),)), found).differing) == 1


def test_rows_under_other_years_are_other_rows() -> None:
    texts = [f"| | {year} |\n|---|---|\n| Net sales | {year * 2} |\n" for year in (2021, 2022)]
    found = [replace(passages(text)[0], file=f"{number}.md") for number, text in enumerate(texts)]
    quoted = sentences_of(0, found[0])[-1]
    assert with_differing(Answer("4042 [1]", (cite(quoted, found),)), found).differing == ()


def test_a_denial_is_told_apart_from_other_figures() -> None:
    found = [
        replace(passages(text)[0], file=f"{number}.md")
        for number, text in enumerate(("Bicycles are allowed in the yard.", "Bicycles are not allowed in the yard."))
    ]
    assert [one.denies for one in with_differing(quoting(found), found).differing] == [True]


def test_a_file_that_says_the_same_too_does_not_differ() -> None:
    assert (
        told(
            "A ticket is answered within 8 hours.",
            "A ticket is answered within 4 hours.\nA ticket is answered within 8 hours.",
        )
        == []
    )


def test_of_a_file_the_sentence_that_is_most_alike_is_told() -> None:
    other = "A used centrifugal pump of grey steel costs 300 EUR.\nA new centrifugal pump of grey steel costs 480 EUR."
    assert told("A new centrifugal pump of grey steel costs 450 EUR.", other) == [other.splitlines()[1]]


def test_what_the_writer_was_shown_is_looked_through_too() -> None:
    found = [replace(passages(text)[0], file=f"{number}.md") for number, text in enumerate([QUOTED, NEWER])]
    answer = replace(quoting(found), passages=tuple(found))
    assert [one.citation.file for one in with_differing(answer, found[:1]).differing] == ["1.md"]


def test_a_file_does_not_differ_from_itself() -> None:
    found = passages(QUOTED, NEWER)
    assert with_differing(quoting(found), found).differing == ()


def test_a_few_versions_are_enough() -> None:
    others = [QUOTED.replace("two", number) for number in ("three", "four", "five")]
    assert told(QUOTED, *others) == others[:MOST]


def test_an_answer_without_citations_differs_from_nothing() -> None:
    answer = Answer("", answerable=False)
    assert with_differing(answer, passages(QUOTED, NEWER)) == answer
