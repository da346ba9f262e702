"""How long an agent's cycle takes, and what the time goes into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from eval.busy import Snapshot, is_busy, others_share, snapshot
from eval.cycle import CycleLike, CycleSample, CycleTiming, timing_of
from eval.prefill import MIN_DECODE_TOKENS, loaded_again
from eval.row import Row, Status, disturbed, join_reasons, middle, spreads, whole_median
from inference.errors import ContextOverflowError, SpeedkingError
from inference.record import CachedSource

RunCycles: TypeAlias = Callable[[int], Sequence[CycleLike]]
"""Runs that many cycles of an agent, afresh, and returns one record a cycle."""
OnCycleSample: TypeAlias = Callable[[CycleSample], None]

_Stopped: TypeAlias = tuple[Status, str] | None

_SECONDS = ("wall_s", "model_s", "tool_s", "framework_s", "unexplained_s", "prefill_s", "decode_s")
_TOKENS = ("prompt_tokens", "cached_tokens", "decode_tokens")


def measure_cycles(
    run: RunCycles,
    cycles: int = 10,
    repeats: int = 3,
    *,
    on_sample: OnCycleSample | None = None,
    look: Snapshot = snapshot,
) -> tuple[Row, Row]:
    """Two rows: one cycle (medians over all cycles of all runs) and all cycles together (medians over the
    runs). A part that a cycle does not know is unknown for the whole. An engine's error ends the row,
    which then says why; a run that ends early gives no figure for all cycles together.
    """
    samples: list[CycleSample] = []
    stopped: _Stopped = None
    try:
        for _ in range(repeats):
            before = look()
            steps = tuple(timing_of(step) for step in run(cycles))
            others = others_share(before, look())
            samples.append(CycleSample(steps, others, is_busy(others)))
            if on_sample is not None:
                on_sample(samples[-1])
    except ContextOverflowError as error:
        stopped = "skipped", f"{error.message}; {error.next_step}"
    except SpeedkingError as error:
        stopped = "failed", f"{error.message}; {error.next_step}"
    return _one(samples, stopped), _all(cycles, samples, stopped)


def _one(samples: Sequence[CycleSample], stopped: _Stopped) -> Row:
    steps = [step for sample in samples for step in sample.cycles]
    row = _row(steps, samples, stopped)
    # Cycles differ by nature, the prompt grows: only whole runs are expected to be alike.
    return replace(row, name="agent cycle", kind="cycle", cycles=1)


def _all(cycles: int, samples: Sequence[CycleSample], stopped: _Stopped) -> Row:
    whole = [_together(sample.cycles) for sample in samples if len(sample.cycles) >= cycles]
    row = _row(whole, samples, stopped or _ended_early(cycles, samples))
    return replace(
        row,
        name=f"{cycles} agent cycles",
        cycles=cycles,
        reason=join_reasons(row.reason, disturbed(row.spread, samples)),
        samples=tuple(samples),
    )


def _ended_early(cycles: int, samples: Sequence[CycleSample]) -> _Stopped:
    fewest = min((len(sample.cycles) for sample in samples), default=cycles)
    return ("refused", f"a run ended after {fewest} of {cycles} cycles") if fewest < cycles else None


def _row(units: Sequence[CycleTiming], samples: Sequence[CycleSample], stopped: _Stopped) -> Row:
    columns = {name: [getattr(unit, name) for unit in units] for name in (*_SECONDS, "ttft_s")}
    spread = spreads({**columns, "decode_tps": [_decode_rate(unit) for unit in units]})
    steps = [step for sample in samples for step in sample.cycles]
    forced = sum(step.forced for step in steps)
    trimmed = sum(step.trimmed for step in steps)
    return Row(
        name="",
        kind="cycles",
        status=stopped[0] if stopped else "measured",
        prompt_tokens=whole_median(unit.prompt_tokens for unit in units),
        cached_tokens=whole_median(unit.cached_tokens for unit in units),
        cached_source=_cached_source(steps),
        decode_tokens=whole_median(unit.decode_tokens for unit in units),
        ttft_s=middle(spread, "ttft_s"),
        decode_tps=middle(spread, "decode_tps"),
        wall_s=middle(spread, "wall_s"),
        model_s=middle(spread, "model_s"),
        tool_s=middle(spread, "tool_s"),
        framework_s=middle(spread, "framework_s"),
        unexplained_s=middle(spread, "unexplained_s"),
        reason=join_reasons(
            stopped[1] if stopped else None,
            f"forced: the prepared call went in in {forced} of {len(steps)} cycles" if forced else None,
            f"trimmed: old results were cut to fit the context in {trimmed} of {len(steps)} cycles"
            if trimmed
            else None,
            # The first one may load it: whoever wants that apart warms up before.
            loaded_again([step.load_s for step in steps[1:]], "later cycles"),
        ),
        forced=forced,
        spread=spread,
    )


def _cached_source(steps: Sequence[CycleTiming]) -> CachedSource | None:
    """Where the cached tokens are known from, None where the cycles differ in it."""
    sources = {step.generation.cached_source if step.generation else None for step in steps}
    return sources.pop() if len(sources) == 1 else None


def _decode_rate(unit: CycleTiming) -> float | None:
    if unit.decode_tokens is None or not unit.decode_s or unit.decode_tokens < MIN_DECODE_TOKENS:
        return None
    return unit.decode_tokens / unit.decode_s


def _together(steps: Sequence[CycleTiming]) -> CycleTiming:
    def total(name: str) -> Any:
        values = [getattr(step, name) for step in steps]
        return None if None in values else sum(values)

    sums = {name: total(name) for name in (*_SECONDS, *_TOKENS)}
    return CycleTiming(cycle=len(steps), forced=any(step.forced for step in steps), **sums)
