from __future__ import annotations

from dataclasses import replace

import pytest

from rag.same import folded
from tests.rag.small import passages

LIMIT = "Meals on a trip within the country are paid back up to 45 euros a day, with receipts, within four weeks."


def texts(*given: str) -> list[str]:
    return [passage.text for passage in folded(passages(*given))]


def test_a_copy_in_another_file_is_left_out_and_the_better_one_stays() -> None:
    first, second = passages(LIMIT, "Meals abroad."), passages(LIMIT, file="copy.md")
    assert list(folded([*first, *(replace(passage, id=9) for passage in second)])) == first


def test_line_breaks_and_case_make_no_difference() -> None:
    assert texts(LIMIT, LIMIT.replace(" ", "\n").upper()) == [LIMIT]


def test_a_version_with_another_number_is_kept() -> None:
    newer = LIMIT.replace("45", "60")
    assert texts(LIMIT, newer) == [LIMIT, newer]


def test_texts_that_share_some_words_are_kept() -> None:
    other = "Trips within the country are booked with the travel desk, four weeks ahead."
    assert texts(LIMIT, other) == [LIMIT, other]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("are paid back", "are not paid back"),
        ("the country", "Norway"),
        ("front desk", "FRONT desk of Oslo"),
        ("weeks", "weeks, never more"),
    ],
)
def test_a_version_with_another_name_or_a_negation_is_kept(before: str, now: str) -> None:
    long = f"{LIMIT} " + "Receipts are handed in with the form that lies at the front desk of each of the two offices."
    newer = long.replace(before, now)
    assert texts(long, newer) == [long, newer]


def test_a_version_with_another_small_word_is_a_copy() -> None:
    long = f"{LIMIT} " + "Receipts are handed in with the form that lies at the front desk of each of the two offices."
    assert texts(long, long.replace("handed in", "given in")) == [long]
