from __future__ import annotations

import pytest

from eval.answer_metrics import contains_answer, exact_match, normalise, numeric_match, token_f1


def test_the_form_for_comparing_drops_case_punctuation_articles_and_spaces() -> None:
    assert normalise("  The  Quick, brown fox's\tden. ") == "quick brown foxs den"


def test_exact_match_takes_any_accepted_form() -> None:
    assert exact_match("the October of 1973!", ["1973", "October of 1973"]) == 1
    assert exact_match("October", ["1973", "October of 1973"]) == 0


def test_f1_counts_words_as_often_as_they_occur() -> None:
    # Common: "to" twice, "be" once = 3; 4 words predicted, 3 in the gold answer: 2 * 3 / (4 + 3).
    assert token_f1("to be to sleep", ["to to be"]) == pytest.approx(6 / 7)
    # As sets it would be 2 * 2 / (3 + 2).
    assert token_f1("to be to sleep", ["to to be"]) != pytest.approx(4 / 5)


def test_f1_is_the_best_over_the_accepted_forms() -> None:
    assert token_f1("nearly $12", ["12 dollars", "nearly 12"]) == 1


def test_f1_of_an_empty_answer_is_zero_unless_the_gold_one_is_empty_too() -> None:
    assert token_f1("", ["x"]) == 0
    assert token_f1("the", ["a"]) == 1


def test_an_answer_is_contained_as_whole_words() -> None:
    assert contains_answer("It has 256 experts in all.", ["256 experts"]) == 1
    assert contains_answer("It has 2561 experts.", ["256"]) == 0


@pytest.mark.parametrize(
    ("prediction", "gold", "match"),
    [
        ("The margin was 24.6 %.", "24.5%", 1),  # within 1 %
        ("The margin was 25.1 %.", "24.5%", 0),
        ("about $1,577 in all", "$1577.00", 1),
        ("8.7 billion dollars", "$8,700 million", 1),
        ("8.7", "$8.7 billion", 0),
        ("It fell by -3.", "-3", 1),
        ("1980", "1973", 0),  # within 1 %, and still another year
        ("in 1973", "1973", 1),
        ("FY2022 and model Q3", "3", 0),  # digits inside a word are no number
        ("no figure", "12 experts", 0),
    ],
)
def test_numbers_match_within_a_tolerance(prediction: str, gold: str, match: float) -> None:
    assert numeric_match(prediction, [gold]) == match


@pytest.mark.parametrize("gold", ["Rush", "October 1973", "from 3 to 5 layers", "5 of the experts that are used"])
def test_a_gold_answer_that_is_not_one_number_has_no_numeric_match(gold: str) -> None:
    assert numeric_match("3", [gold]) is None
