"""What a benchmark is going to run and how long that takes, before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.prefill import HEAD_TOKENS
from eval.warmup import Probe

QUICK_LIMIT_S = 120.0
_PREFILL_DECODE_TOKENS = 32
_SLOWER_PER_TOKEN = 1e-4
"""Attention costs more the longer the prompt is, and a probe is short: a model of 0.5B parameters that read
222 tokens/s at 1,000 read 152 at 3,400 (two cores). On a graphics card it is less."""
_QUICK_SHARE = 0.8
"""Of the limit that a quick plan fills, because an estimate is one."""
_SHORTEST_PREFILL = 1000
_FEWEST_CYCLES = 2


@dataclass(frozen=True, slots=True)
class CycleShape:
    """The tokens of a benchmark's cycles: the prompt's head, each tool result, the most written each time."""

    head_tokens: int = 1500
    result_tokens: int = 300
    decode_tokens: int = 120

    def context_tokens(self, cycles: int) -> int:
        """The longest context that so many cycles can need."""
        return self.head_tokens + cycles * (self.result_tokens + self.decode_tokens)


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One row to measure: `size` prompt tokens or agent cycles, `repeats` times, about `seconds` in all
    (None: not known). `skipped` is the reason why it will not run."""

    kind: Literal["prefill", "cycles"]
    size: int
    repeats: int
    seconds: float | None
    skipped: str | None = None

    @property
    def name(self) -> str:
        return f"prefill {self.size:,} tokens" if self.kind == "prefill" else f"{self.size} agent cycles"


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds` is the sum over what runs, None where a part is not known. `note` says what was reduced."""

    items: tuple[PlanItem, ...]
    seconds: float | None
    note: str | None = None


def make_plan(
    probe: Probe,
    *,
    context_tokens: int | None,
    prefill_tokens: Sequence[int] = (10_000,),
    cycles: int = 10,
    repeats: int = 3,
    quick: bool = False,
    shape: CycleShape = CycleShape(),
    limit_s: float = QUICK_LIMIT_S,
) -> Plan:
    """Plan the rows from what a short probe showed.

    What needs more than `context_tokens` (None: not known) is skipped, and prefill is where there is no
    model. `quick` takes fewer repeats, then shorter prompts and fewer cycles, until the estimate fits
    into `limit_s`; where nothing does, the smallest plan stands and its note says so.
    """
    full = _plan(probe, context_tokens, prefill_tokens, cycles, repeats, shape)
    if not quick or _fits(full, limit_s):
        return full
    plan = full
    for fewer in _reductions(prefill_tokens, cycles, repeats):
        plan = _plan(probe, context_tokens, *fewer, shape)
        if _fits(plan, limit_s):
            return Plan(plan.items, plan.seconds, f"reduced to stay under {limit_s:.0f} s")
    return Plan(plan.items, plan.seconds, f"the smallest plan, and it may take more than {limit_s:.0f} s")


def _fits(plan: Plan, limit_s: float) -> bool:
    return plan.seconds is not None and plan.seconds <= _QUICK_SHARE * limit_s


def _reductions(prefill_tokens: Sequence[int], cycles: int, repeats: int) -> Iterator[tuple[Sequence[int], int, int]]:
    for fewer in range(repeats - 1, 0, -1):
        yield prefill_tokens, cycles, fewer
    while cycles > _FEWEST_CYCLES or any(tokens > _SHORTEST_PREFILL for tokens in prefill_tokens):
        prefill_tokens = [
            tokens if tokens <= _SHORTEST_PREFILL else max(tokens // 2, _SHORTEST_PREFILL) for tokens in prefill_tokens
        ]
        cycles = cycles if cycles <= _FEWEST_CYCLES else max(cycles // 2, _FEWEST_CYCLES)
        yield list(dict.fromkeys(prefill_tokens)), cycles, 1


def _plan(
    probe: Probe,
    context_tokens: int | None,
    prefill_tokens: Sequence[int],
    cycles: int,
    repeats: int,
    shape: CycleShape,
) -> Plan:
    items = [_prefill_item(probe, context_tokens, tokens, repeats) for tokens in prefill_tokens]
    items.append(_cycles_item(probe, context_tokens, cycles, repeats, shape))
    parts = [item.seconds for item in items if item.skipped is None]
    known = [seconds for seconds in parts if seconds is not None]
    return Plan(tuple(items), sum(known) if len(known) == len(parts) else None)


def _prefill_item(probe: Probe, context_tokens: int | None, tokens: int, repeats: int) -> PlanItem:
    seconds = estimate_prefill_s(probe, tokens)
    skipped = _too_long(tokens + HEAD_TOKENS + _PREFILL_DECODE_TOKENS, context_tokens)
    if probe.prefill_tps is None:
        skipped = "prefill and decode need a language model: `speedking tune`, or --engine gguf --model FILE"
    return PlanItem("prefill", tokens, repeats, None if seconds is None else repeats * seconds, skipped)


def _cycles_item(probe: Probe, context_tokens: int | None, cycles: int, repeats: int, shape: CycleShape) -> PlanItem:
    seconds = estimate_cycles_s(probe, cycles, shape)
    # Without a model there is no context to fill.
    needs = shape.context_tokens(cycles) + HEAD_TOKENS if probe.prefill_tps is not None else 0
    total = None if seconds is None else repeats * seconds
    return PlanItem("cycles", cycles, repeats, total, _too_long(needs, context_tokens))


def _too_long(needs: int, context_tokens: int | None) -> str | None:
    if context_tokens is None or needs <= context_tokens:
        return None
    enough = -(-needs // 1024) * 1024
    return f"needs {needs:,}, context in force {context_tokens:,}; `speedking tune --num-ctx {enough}`"


def estimate_prefill_s(probe: Probe, tokens: int) -> float | None:
    """Seconds for one prompt of that many tokens and a short answer, None where a rate is not known."""
    if not probe.prefill_tps or not probe.decode_tps:
        return None
    return _read_s(probe.prefill_tps, tokens) + _PREFILL_DECODE_TOKENS / probe.decode_tps


def estimate_cycles_s(probe: Probe, cycles: int, shape: CycleShape) -> float | None:
    """Seconds for one run of that many cycles, each reading only what is new; None where not known."""
    if probe.cycle_s is not None:
        return cycles * probe.cycle_s
    if not probe.prefill_tps or not probe.decode_tps:
        return None
    read_s = _read_s(probe.prefill_tps, shape.context_tokens(cycles))
    return read_s + cycles * shape.decode_tokens / probe.decode_tps


def _read_s(tps: float, tokens: int) -> float:
    return tokens / tps * (1 + _SLOWER_PER_TOKEN * tokens)
