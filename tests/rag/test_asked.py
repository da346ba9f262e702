from __future__ import annotations

import pytest

from rag.asked import Asked


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When was the bridge opened?", "time"),
        ("In which year did it open?", "time"),
        ("How many kettles were sold?", "number"),
        ("What was the gross margin in 2022?", "number"),
        ("Who wrote it?", "name"),
        ("Where is it kept?", "name"),
        ("Which company sells kettles?", "name"),
        ("Why did the price rise?", "reason"),
        ("What is tea?", "other"),
        ("Who was king when it was built?", "name"),
    ],
)
def test_the_kind_is_that_of_the_first_asking_word(question: str, kind: str) -> None:
    assert Asked(question).kind == kind


@pytest.mark.parametrize(
    ("question", "fits", "misses"),
    [
        ("When was it opened?", "It was opened on 3 May.", "It was opened by the mayor."),
        ("When was the 1932 bridge rebuilt?", "It was rebuilt in 1951.", "The 1932 bridge was rebuilt."),
        ("How many kettles?", "There are twelve of them.", "There are many of them."),
        ("Who opened it?", "It was Anna Lind.", "It was the mayor."),
        ("Who did Anna Lind marry?", "Anna Lind married Per Berg.", "Anna Lind married late."),
        ("Why did it rise?", "It rose because of a frost.", "It rose by a tenth."),
    ],
)
def test_a_sentence_fits_that_holds_a_new_thing_of_the_kind(question: str, fits: str, misses: str) -> None:
    assert (Asked(question).fitting(fits), Asked(question).fitting(misses)) == (1.0, -1.0)


def test_any_sentence_will_do_where_nothing_of_these_kinds_is_asked_for() -> None:
    assert Asked("What is tea?").fitting("It is a drink of 1932 from China.") == 0.0


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who wrote it, and when was it printed?", ("Who wrote it", "when was it printed?")),
        ("Who wrote it? When was it printed?", ("Who wrote it", "When was it printed?")),
        ("What do tea and coffee cost?", ("What do tea and coffee cost?",)),
    ],
)
def test_a_question_is_parted_where_another_one_begins(question: str, parts: tuple[str, ...]) -> None:
    assert Asked(question).parts == parts


@pytest.mark.parametrize("year", ["FY2022", "FY22", "FY 2022", "fy'22", "2022"])
def test_a_financial_year_is_looked_for_as_documents_write_it(year: str) -> None:
    assert Asked(f"What was Amcor's revenue in {year}?").words == ("amcor", "revenue", "2022")


def test_a_quarter_is_looked_for_by_its_short_name_too() -> None:
    assert Asked("What was spent in the second quarter?").words == ("spent", "second", "quarter", "q2")
