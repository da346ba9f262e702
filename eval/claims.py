"""The tuning guide's claims beside what was measured on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from eval.cycle import CycleSample
from eval.row import Row

Verdict: TypeAlias = Literal["holds", "does not hold", "not measured"]

CYCLES = 10
CYCLES_LIMIT_S = 10.0
PREFILL_TOKENS = 10_000
PREFILL_LIMIT_S = 1.0
DECODE_TPS = 150.0
FLASH_FACTOR = 5.0


@dataclass(frozen=True, slots=True)
class Claim:
    """What the guide says, what was found, and the verdict. `measured` is in `unit`, None where there is
    no figure; `reason` says why not, or what the figure leaves open."""

    claim: str
    verdict: Verdict
    measured: float | None
    limit: float
    unit: str
    reason: str | None = None


def check_claims(rows: Sequence[Row], flash_attention: tuple[Row, Row] | None = None) -> tuple[Claim, ...]:
    """All four claims. `flash_attention` are two prefill rows that differ in it alone: (on, off)."""
    return _cycles(rows), _prefill(rows), _decode(rows), _flash(flash_attention)


def _cycles(rows: Sequence[Row]) -> Claim:
    text = f"{CYCLES} agent cycles within {CYCLES_LIMIT_S:.0f} s"
    row = next((row for row in rows if row.kind == "cycles" and row.cycles == CYCLES), None)
    if row is not None and row.wall_s is not None and not _by_a_model(row):
        return Claim(text, "not measured", None, CYCLES_LIMIT_S, "s", "no language model took part")
    return _at_most(text, CYCLES_LIMIT_S, "s", row, None if row is None else row.wall_s)


def _by_a_model(row: Row) -> bool:
    """Whether a language model took part; an engine need not tell how many tokens it wrote."""
    cycles = [cycle for sample in row.samples if isinstance(sample, CycleSample) for cycle in sample.cycles]
    tokens = row.prompt_tokens, row.decode_tokens
    return any(count is not None for count in tokens) or any(cycle.generation for cycle in cycles)


def _prefill(rows: Sequence[Row]) -> Claim:
    """In milliseconds is read as within one second; the time is that of 10,000 tokens at the measured rate.
    Much shorter prompts prove nothing about so many."""
    text = f"a prefill of {PREFILL_TOKENS:,} tokens in milliseconds (within {PREFILL_LIMIT_S:.0f} s)"
    prefills = [row for row in rows if row.kind == "prefill"]
    long = [row for row in prefills if (row.prompt_tokens or 0) >= 0.9 * PREFILL_TOKENS]
    row = next(iter(long or prefills), None)
    seconds = PREFILL_TOKENS / row.prefill_tps if row in long and row is not None and row.prefill_tps else None
    return _at_most(text, PREFILL_LIMIT_S, "s", row, seconds)


def _decode(rows: Sequence[Row]) -> Claim:
    text = f"{DECODE_TPS:.0f} tokens a second"
    measured = [row for row in rows if row.decode_tps and row.kind != "load"]
    row = max(measured, key=lambda row: row.decode_tps or 0.0, default=None)
    if row is None or row.decode_tps is None:
        return Claim(text, "not measured", None, DECODE_TPS, "tokens/s", "no decode rate was measured")
    verdict: Verdict = "holds" if row.decode_tps >= DECODE_TPS else "does not hold"
    return Claim(text, verdict, row.decode_tps, DECODE_TPS, "tokens/s", f"the best row: {row.name}")


def _flash(rows: tuple[Row, Row] | None) -> Claim:
    text = f"flash attention makes it {FLASH_FACTOR:.0f} to 10 times as fast"
    if rows is None or not rows[0].prefill_tps or not rows[1].prefill_tps:
        return Claim(text, "not measured", None, FLASH_FACTOR, "times", "not measured here")
    factor = rows[0].prefill_tps / rows[1].prefill_tps
    return Claim(text, "holds" if factor >= FLASH_FACTOR else "does not hold", factor, FLASH_FACTOR, "times")


def _at_most(text: str, limit: float, unit: str, row: Row | None, measured: float | None) -> Claim:
    if measured is None:
        reason = (row.reason or f"only {row.name} was measured") if row is not None else "no such row"
        return Claim(text, "not measured", None, limit, unit, reason)
    verdict: Verdict = "holds" if measured <= limit else "does not hold"
    return Claim(text, verdict, measured, limit, unit, None if row is None else row.reason)
