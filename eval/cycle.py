"""The times of one cycle of an agent, and of one run of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from inference.record import Generation


class CycleLike(Protocol):
    """One cycle of an agent; seconds and tokens, None is unknown. A cycle that has a `generation` (the engine's
    record of its one call) or a `trimmed` (old results gave way to make room) is asked for these too."""

    @property
    def cycle(self) -> int: ...
    @property
    def model_s(self) -> float | None: ...
    @property
    def tool_s(self) -> float | None: ...
    @property
    def framework_s(self) -> float | None: ...
    @property
    def unexplained_s(self) -> float | None: ...
    @property
    def wall_s(self) -> float | None: ...
    @property
    def prompt_tokens(self) -> int | None: ...
    @property
    def cached_tokens(self) -> int | None: ...
    @property
    def decode_tokens(self) -> int | None: ...
    @property
    def forced(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class CycleTiming:
    """One cycle as it is written down: wall_s = model_s + tool_s + framework_s, and model_s is what the
    engine says of `load_s`, `prefill_s` and `decode_s` and `unexplained_s`. `forced`: the model wrote no valid
    call and the prepared one went in. `trimmed`: old results were cut to fit the context, so the cache of the
    prompt was lost. `generation` is the record that the times and tokens were taken from."""

    cycle: int
    model_s: float | None = None
    tool_s: float | None = None
    framework_s: float | None = None
    unexplained_s: float | None = None
    wall_s: float | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    decode_tokens: int | None = None
    forced: bool = False
    decode_s: float | None = None
    ttft_s: float | None = None
    load_s: float | None = None
    prefill_s: float | None = None
    trimmed: bool = False
    generation: Generation | None = None


@dataclass(frozen=True, slots=True)
class CycleSample:
    """One run of cycles; `others_cpu` and `busy` as in a prefill sample."""

    cycles: tuple[CycleTiming, ...]
    others_cpu: float | None = None
    busy: bool = False


def timing_of(step: CycleLike) -> CycleTiming:
    """The plain copy of a step, with its generation's times where the step has one."""
    generation: Generation | None = getattr(step, "generation", None)
    return CycleTiming(
        cycle=step.cycle,
        model_s=step.model_s,
        tool_s=step.tool_s,
        framework_s=step.framework_s,
        unexplained_s=step.unexplained_s,
        wall_s=step.wall_s,
        prompt_tokens=step.prompt_tokens,
        cached_tokens=step.cached_tokens,
        decode_tokens=step.decode_tokens,
        forced=step.forced,
        decode_s=_seconds(step, generation, "decode_s"),
        ttft_s=_seconds(step, generation, "ttft_s"),
        load_s=_seconds(step, generation, "load_s"),
        prefill_s=_seconds(step, generation, "prefill_s"),
        trimmed=getattr(step, "trimmed", False),
        generation=generation,
    )


def _seconds(step: CycleLike, generation: Generation | None, name: str) -> float | None:
    found: float | None = getattr(step if generation is None else generation, name, None)
    return found
