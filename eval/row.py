"""One line of a benchmark: its figures, how they scatter, and the raw samples they come from."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from eval.cycle import CycleSample
from inference.record import CachedSource, Generation

Status: TypeAlias = Literal["measured", "bounded", "refused", "skipped", "failed"]
"""bounded: a cache can have helped by the template's head at most, and the figure is the rate without it.
refused: a figure would not be true. skipped: not run. failed: the engine gave an error."""

Kind: TypeAlias = Literal["load", "prefill", "cycle", "cycles"]

NOISY_CV = 0.05


@dataclass(frozen=True, slots=True)
class Spread:
    """How `n` raw values scatter. `cv` is standard deviation / mean, None below two values; `noisy`
    where it is above 5 %."""

    median: float
    minimum: float
    maximum: float
    cv: float | None
    noisy: bool
    n: int


@dataclass(frozen=True, slots=True)
class PrefillSample:
    """One timed prompt as it was measured. `others_cpu` is the share of all cores that other processes
    used meanwhile, None where that cannot be read; such samples are flagged `busy`, never deleted."""

    generation: Generation
    status: Status
    prefill_tps: float | None = None
    reason: str | None = None
    others_cpu: float | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A measured line. Rates are tokens/s, `*_s` seconds, all medians over `samples`; None is unknown.

    `prefill_tps` counts only tokens that were really computed and uses the engine's own time;
    `prefill_client_tps` is prompt tokens / ttft_s on our clock, given only where the engine tells no time.
    Of a "cycle" row the figures are of one cycle, of a "cycles" row of all `cycles` together;
    `forced` counts over all runs. `reason` says whatever a reader of the figures has to know.
    """

    name: str
    kind: Kind
    status: Status
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    ttft_s: float | None = None
    prefill_tps: float | None = None
    decode_tps: float | None = None
    reason: str | None = None
    cached_source: CachedSource | None = None
    prefill_client_tps: float | None = None
    decode_tokens: int | None = None
    load_s: float | None = None
    wall_s: float | None = None
    model_s: float | None = None
    tool_s: float | None = None
    framework_s: float | None = None
    unexplained_s: float | None = None
    cycles: int | None = None
    forced: int | None = None
    spread: Mapping[str, Spread] = field(default_factory=dict)
    samples: tuple[PrefillSample | CycleSample, ...] = ()


def spread_of(values: Iterable[float | None]) -> Spread | None:
    """The spread of the known values, None without any."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    middle = statistics.fmean(known)
    cv = statistics.stdev(known) / middle if len(known) > 1 and middle else None
    noisy = cv is not None and cv > NOISY_CV
    return Spread(statistics.median(known), min(known), max(known), cv, noisy, len(known))


def spreads(columns: Mapping[str, Sequence[float | None]]) -> Mapping[str, Spread]:
    """The spread of each column that has a known value."""
    found = {name: spread_of(values) for name, values in columns.items()}
    return {name: spread for name, spread in found.items() if spread is not None}


def middle(spread: Mapping[str, Spread], name: str) -> float | None:
    """The median of that column, None where nothing of it is known."""
    return spread[name].median if name in spread else None


def whole_median(values: Iterable[int | None]) -> int | None:
    """The median of the known counts, of an even number of them the lower of the middle two."""
    known = [value for value in values if value is not None]
    return statistics.median_low(known) if known else None


def join_reasons(*reasons: str | None) -> str | None:
    """The distinct reasons in order, None without any."""
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or None


def disturbed(spread: Mapping[str, Spread], samples: Sequence[PrefillSample | CycleSample]) -> str | None:
    """What a reader should know of the circumstances: busy samples, and figures that scatter."""
    busy = [sample.others_cpu for sample in samples if sample.busy and sample.others_cpu is not None]
    noisy = [f"{name} {found.cv:.0%}" for name, found in spread.items() if found.noisy and found.cv is not None]
    return join_reasons(
        (
            busy
            and f"busy: other processes used up to {max(busy):.0%} of the CPU in {len(busy)} of {len(samples)} samples"
        )
        or None,
        (noisy and f"noisy (coefficient of variation above {NOISY_CV:.0%}): {', '.join(noisy)}") or None,
    )
