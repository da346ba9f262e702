from __future__ import annotations

import pytest

from inference.record import MESSAGE_TOKENS
from inference.token_estimate import LEAST_FACTOR, MARGIN, TokenEstimate


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("a cat", 2),
        ("information", 3),
        ("2,754", 5),
        ("a\n\nb", 3),
        ("\u00e9", 1),
        ("\u4eba\u5de5", 3),
    ],
)
def test_the_guess_counts_pieces(text: str, tokens: int) -> None:
    assert TokenEstimate()(text) == tokens


def test_a_server_that_counted_more_raises_the_next_guess() -> None:
    estimate = TokenEstimate()
    estimate.learn(guessed=1000, counted=1500)
    assert estimate.factor == pytest.approx(1.5 * MARGIN)
    assert estimate("a " * 100) >= 150


def test_a_server_that_counted_less_lowers_it_but_not_far() -> None:
    estimate = TokenEstimate()
    estimate.learn(guessed=1000, counted=950)
    assert estimate.factor == pytest.approx(0.95 * MARGIN)
    easy = TokenEstimate()
    easy.learn(guessed=1000, counted=300)
    assert easy.factor == LEAST_FACTOR


def test_the_worst_of_the_last_prompts_counts_and_is_forgotten_in_time() -> None:
    estimate = TokenEstimate()
    estimate.learn(guessed=1000, counted=1500)
    for _ in range(7):
        estimate.learn(guessed=1000, counted=1000)
    assert estimate.factor == pytest.approx(1.5 * MARGIN)
    estimate.learn(guessed=1000, counted=1000)
    assert estimate.factor == pytest.approx(MARGIN)


def test_a_short_prompt_teaches_nothing() -> None:
    estimate = TokenEstimate()
    estimate.learn(guessed=10, counted=60)
    assert estimate.factor == 1.0


def test_what_it_learns_from_is_never_corrected_twice() -> None:
    estimate = TokenEstimate()
    estimate.learn(guessed=1000, counted=2000)
    assert estimate.message("a cat") == 2 + MESSAGE_TOKENS
