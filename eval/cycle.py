"""The times of one cycle of an agent, and of one run of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class CycleLike(Protocol):
    """One cycle of an agent; seconds and tokens, None is unknown."""

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
    """One cycle as it is written down. `forced`: the model wrote no valid call and the prepared one went
    in. `decode_s` and `ttft_s` are the engine's and ours, of the cycle's one generation."""

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


@dataclass(frozen=True, slots=True)
class CycleSample:
    """One run of cycles; `others_cpu` and `busy` as in a prefill sample."""

    cycles: tuple[CycleTiming, ...]
    others_cpu: float | None = None
    busy: bool = False


def timing_of(step: CycleLike) -> CycleTiming:
    """The plain copy of a step; `decode_s` and `ttft_s` are taken where the step has them."""
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
        decode_s=getattr(step, "decode_s", None),
        ttft_s=getattr(step, "ttft_s", None),
    )
