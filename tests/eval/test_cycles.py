from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from eval import CycleTiming
from eval.cycle import CycleSample
from eval.cycles import measure_cycles as measure_beside_others
from inference.errors import GenerationError

# How busy the machine of a test is must not decide it.
measure_cycles = partial(measure_beside_others, look=lambda: None)


def cycle(number: int, seconds: float = 1.0, forced: bool = False) -> CycleTiming:
    return CycleTiming(
        cycle=number,
        model_s=0.8 * seconds,
        tool_s=0.1 * seconds,
        framework_s=0.06 * seconds,
        unexplained_s=0.04 * seconds,
        wall_s=seconds,
        prompt_tokens=1500 + 100 * number,
        cached_tokens=1400 + 100 * number,
        decode_tokens=40,
        forced=forced,
        decode_s=0.5 * seconds,
        ttft_s=0.3 * seconds,
    )


def test_one_cycle_and_all_cycles_together() -> None:
    one, whole = measure_cycles(lambda n: [cycle(i, seconds=i) for i in range(1, n + 1)], cycles=3, repeats=2)
    assert (one.name, whole.name) == ("agent cycle", "3 agent cycles")
    # Seconds 1, 2, 3 twice over.
    assert one.wall_s == 2
    assert one.ttft_s == pytest.approx(0.6)
    assert whole.wall_s == 6
    assert (one.prompt_tokens, whole.prompt_tokens) == (1700, 5100)
    # 40 tokens in 0.5, 1 and 1.5 s: the median 40; together 120 tokens in 3 s.
    assert one.decode_tps == pytest.approx(40)
    assert whole.decode_tps == pytest.approx(40)
    assert whole.cycles == 3
    assert len(whole.samples) == 2


def test_the_parts_add_up_to_the_wall_time() -> None:
    _, whole = measure_cycles(lambda n: [cycle(i) for i in range(n)], cycles=10, repeats=1)
    parts = [whole.model_s, whole.tool_s, whole.framework_s, whole.unexplained_s]
    assert sum(part for part in parts if part is not None) == pytest.approx(whole.wall_s)


def test_a_part_that_one_cycle_does_not_know_is_unknown_for_all_together() -> None:
    _, whole = measure_cycles(lambda n: [cycle(1), CycleTiming(2, wall_s=1.0)], cycles=2, repeats=1)
    assert whole.wall_s == 2
    assert whole.model_s is None
    assert whole.cached_tokens is None
    assert whole.decode_tps is None


def test_forced_cycles_are_counted_and_said() -> None:
    one, whole = measure_cycles(lambda n: [cycle(1, forced=True), cycle(2)], cycles=2, repeats=3)
    assert one.forced == whole.forced == 3
    assert whole.reason == "forced: the prepared call went in in 3 of 6 cycles"


def test_a_run_that_ends_early_gives_no_figure_for_all() -> None:
    one, whole = measure_cycles(lambda n: [cycle(1)], cycles=10, repeats=1)
    assert (one.status, whole.status) == ("measured", "refused")
    assert whole.wall_s is None
    assert whole.reason is not None
    assert "ended after 1 of 10 cycles" in whole.reason
    assert one.wall_s == 1


def test_an_engine_that_fails_ends_the_rows_with_its_reason() -> None:
    seen: list[CycleSample] = []

    def run(count: int) -> Sequence[CycleTiming]:
        if seen:
            raise GenerationError("unexpected EOF", next_step="look at the log")
        return [cycle(i) for i in range(count)]

    one, whole = measure_cycles(run, cycles=2, repeats=3, on_sample=seen.append)
    assert (one.status, whole.status) == ("failed", "failed")
    assert whole.reason is not None
    assert whole.reason.startswith("unexpected EOF; look at the log")
    assert whole.wall_s == 2
    assert tuple(seen) == whole.samples


def test_steps_of_another_type_will_do() -> None:
    class Step:
        cycle, wall_s, model_s, tool_s, framework_s, unexplained_s = 1, 2.0, None, 1.5, 0.5, None
        prompt_tokens, cached_tokens, decode_tokens, forced = None, None, None, False

    one, _ = measure_cycles(lambda n: [Step()], cycles=1, repeats=1)
    assert (one.wall_s, one.tool_s, one.model_s, one.ttft_s) == (2.0, 1.5, None, None)
