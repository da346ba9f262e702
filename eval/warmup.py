"""The first calls: they load the model, and tell how fast it is, roughly, before anything is timed."""

from __future__ import annotations

from dataclasses import dataclass

from eval.prefill import (
    HEAD_TOKENS,
    MODEL_COLD_S,
    WARM_UP_TOKENS,
    Generate,
    MakePrompt,
    decode_rate,
    fresh_prompt,
    judge_prefill,
)
from eval.row import Row
from inference.record import Generation

_MOST_CALLS = 4
_AGREE = 0.10


@dataclass(frozen=True, slots=True)
class Probe:
    """What short calls showed; enough to estimate, not to report. Rates in tokens/s; `cycle_s` is one
    agent cycle where that was timed. None is unknown."""

    prefill_tps: float | None = None
    decode_tps: float | None = None
    cycle_s: float | None = None


@dataclass(frozen=True, slots=True)
class WarmUp:
    """`load` is a row of its own where the first call found the model unloaded, else None."""

    load: Row | None
    probe: Probe


def warm_up(
    generate: Generate,
    make_prompt: MakePrompt,
    tokens: int = WARM_UP_TOKENS,
    *,
    head_tokens: int = HEAD_TOKENS,
) -> WarmUp:
    """Call until two calls in a row agree within 10 %, at most four times: one is too few on a GPU.

    The engine's errors pass through: with the first call failing there is nothing to measure.
    """
    first = latest = generate(fresh_prompt(make_prompt, tokens))
    rate = _prefill_rate(first, head_tokens)
    for _ in range(_MOST_CALLS - 1):
        before, latest = rate, generate(fresh_prompt(make_prompt, tokens))
        rate = _prefill_rate(latest, head_tokens)
        if before is None or rate is None or abs(rate - before) <= _AGREE * before:
            break
    return WarmUp(_load_row(first), Probe(rate, latest.decode_tps))


def _prefill_rate(generation: Generation, head_tokens: int) -> float | None:
    _, rate, _ = judge_prefill(generation, head_tokens)
    if rate is None and generation.prompt_tokens and generation.ttft_s:
        return generation.prompt_tokens / generation.ttft_s
    return rate


def _load_row(generation: Generation) -> Row | None:
    if (generation.load_s or 0.0) <= MODEL_COLD_S:
        return None
    return Row(
        name="load, model-cold",
        kind="load",
        status="measured",
        prompt_tokens=generation.prompt_tokens,
        cached_tokens=generation.cached_tokens,
        cached_source=generation.cached_source,
        ttft_s=generation.ttft_s,
        decode_tps=decode_rate(generation),
        load_s=generation.load_s,
        wall_s=generation.total_s,
        reason="one sample; the file may still stand in the system's memory, so this is not disk-cold",
    )
