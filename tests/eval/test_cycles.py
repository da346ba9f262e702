from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import pytest

from eval import CycleTiming
from eval.cycle import CycleSample
from eval.cycles import measure_cycles as measure_beside_others
from inference.errors import GenerationError
from inference.record import Generation

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


@dataclass(frozen=True)
class Step:
    """A step as an agent records it, with the engine's record of its call."""

    generation: Generation
    cycle: int = 1
    wall_s: float = 4.0
    model_s: float = 3.5
    tool_s: float = 0.25
    framework_s: float = 0.25
    unexplained_s: float = 0.25
    prompt_tokens: int = 1000
    cached_tokens: int = 900
    decode_tokens: int = 40
    forced: bool = False
    trimmed: bool = False


CALL = Generation(
    "test", "m", 1000, 900, "slots", 40, load_s=0.25, prefill_s=1.0, decode_s=2.0, ttft_s=1.5, done_reason="length"
)


def test_the_parts_of_each_cycle_add_up_in_the_file() -> None:
    _, whole = measure_cycles(lambda n: [Step(CALL, cycle=i) for i in range(n)], cycles=2, repeats=1)
    (sample,) = whole.samples
    assert isinstance(sample, CycleSample)
    for step in sample.cycles:
        parts = step.load_s, step.prefill_s, step.decode_s, step.unexplained_s
        assert sum(part for part in parts if part is not None) == step.model_s
        assert step.generation == CALL


def test_the_row_says_where_its_cached_tokens_are_known_from() -> None:
    one, whole = measure_cycles(lambda n: [Step(CALL)] * n, cycles=2, repeats=1)
    assert (one.cached_source, whole.cached_source) == ("slots", "slots")
    mixed = [Step(CALL), Step(replace(CALL, cached_source="field"))]
    assert measure_cycles(lambda n: mixed, cycles=2, repeats=1)[0].cached_source is None


def test_a_model_that_is_loaded_again_in_the_middle_is_told() -> None:
    steady = [Step(replace(CALL, load_s=load_s)) for load_s in (3.0, 0.002, 0.002)]
    assert measure_cycles(lambda n: steady, cycles=3, repeats=1)[1].reason is None
    again = [Step(replace(CALL, load_s=load_s)) for load_s in (3.0, 0.002, 5.0)]
    reason = measure_cycles(lambda n: again, cycles=3, repeats=1)[1].reason
    assert reason == "the model was loaded again in 1 of 2 later cycles"


def test_cycles_whose_transcript_was_trimmed_are_counted_and_said() -> None:
    steps = [Step(CALL), Step(CALL, trimmed=True)]
    one, whole = measure_cycles(lambda n: steps, cycles=2, repeats=2)
    for row in (one, whole):
        assert row.reason is not None
        assert "in 2 of 4 cycles" in row.reason
        assert "trimmed" in row.reason


def test_steps_of_another_type_will_do() -> None:
    class Bare:
        cycle, wall_s, model_s, tool_s, framework_s, unexplained_s = 1, 2.0, None, 1.5, 0.5, None
        prompt_tokens, cached_tokens, decode_tokens, forced = None, None, None, False

    one, _ = measure_cycles(lambda n: [Bare()], cycles=1, repeats=1)
    assert (one.wall_s, one.tool_s, one.model_s, one.ttft_s) == (2.0, 1.5, None, None)
