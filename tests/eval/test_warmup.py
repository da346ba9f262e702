from __future__ import annotations

from collections.abc import Callable

import pytest

from eval import warm_up
from inference.record import Generation


def prompt(tokens: int, nonce: str) -> str:
    return f"{nonce} " + "word " * (tokens - 1)


def engine(rates: list[float], load_s: float = 0.002) -> Callable[[str], Generation]:
    left = iter(rates)

    def generate(text: str) -> Generation:
        count = len(text.split())
        return Generation(
            "test",
            "m",
            count,
            0,
            "field",
            decode_tokens=30,
            load_s=load_s,
            prefill_s=count / next(left),
            decode_s=1.0,
            ttft_s=1.0,
        )

    return generate


def test_it_calls_until_two_in_a_row_agree() -> None:
    warm = warm_up(engine([100, 500, 510]), prompt)
    assert warm.probe.prefill_tps == pytest.approx(510)
    assert warm.probe.decode_tps == pytest.approx(30)


def test_it_gives_up_after_four_calls() -> None:
    assert warm_up(engine([100, 200, 400, 800]), prompt).probe.prefill_tps == pytest.approx(800)


def test_a_cold_model_s_load_is_a_row_of_its_own() -> None:
    warm = warm_up(engine([100, 100], load_s=3.5), prompt)
    assert warm.load is not None
    assert (warm.load.kind, warm.load.load_s) == ("load", 3.5)
    assert warm.load.prefill_tps is None


def test_a_loaded_model_has_no_such_row() -> None:
    assert warm_up(engine([100, 100], load_s=0.004), prompt).load is None


def test_without_the_engine_s_times_the_first_token_s_time_will_do() -> None:
    warm = warm_up(lambda text: Generation("test", "m", 200, ttft_s=2.0), prompt)
    assert warm.probe.prefill_tps == pytest.approx(100)
    assert warm.probe.decode_tps is None
