"""The record of one cycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agents.tools.call import Call
from inference import record
from inference.record import Generation

if TYPE_CHECKING:
    from agents.reply.normalise import Reply
    from agents.state import State

StopReason = Literal[
    "answered",
    "not_in_documents",
    "cycle_limit",
    "wall_clock",
    "repeated_call",
    "format_errors",
    "overflow",
    "engine_error",
    "cancelled",
]


MENDABLE: tuple[StopReason, ...] = ("engine_error", "overflow")
"""Reasons that a run which had ended goes on from: what ended it may have been mended since."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Laps of one cycle in seconds: the policy's call, inside the tools, and in the loop itself."""

    model_s: float = 0.0
    tool_s: float = 0.0
    framework_s: float = 0.0

    @property
    def wall_s(self) -> float:
        return self.model_s + self.tool_s + self.framework_s


@dataclass(frozen=True, slots=True)
class Step:
    """One cycle: a call of the model and what was done with it. None is unknown, never 0.

    Every second of a cycle is read off one clock as it passes: `model_s` is the policy's call, `tool_s` inside the
    tools, `framework_s` the loop (LangGraph, checkpoints, normaliser, transcript); `wall_s` is their sum, from the
    end of the cycle before (for the first, from the start of the run). Of `model_s` the engine accounts for
    `load_s`, `prefill_s` (of the `new_tokens` that were not cached) and `decode_s` (of thinking, answer and call);
    `unexplained_s` is what is left of it: transport, template, sampling, client. `closing`: the run was at its
    end and an answer was asked for, no call. `forced`: the benchmark's prepared call went in. `repaired`: the call was
    written as text, or its arguments had to be unwrapped. `trimmed`: old observations were shortened to fit the
    context, so the cached head of the prompt was lost. `prompt_fell`: the server read fewer tokens than in the cycle
    before, though the transcript only grew: it cuts prompts silently.
    `generation` is the engine's record, from which the tokens and the engine's times are taken.
    """

    cycle: int
    thought: str
    calls: tuple[Call, ...]
    observation: str
    forced: bool
    repaired: bool
    prompt_tokens: int | None
    cached_tokens: int | None
    decode_tokens: int | None
    wall_s: float
    model_s: float
    tool_s: float
    framework_s: float
    unexplained_s: float | None
    generation: Generation | None = None
    trimmed: bool = False
    prompt_fell: bool = False
    closing: bool = False

    @property
    def new_tokens(self) -> int | None:
        if self.prompt_tokens is None or self.cached_tokens is None:
            return None
        return self.prompt_tokens - self.cached_tokens

    @property
    def thinking_tokens(self) -> int | None:
        return self.generation.thinking_tokens if self.generation else None

    @property
    def answer_tokens(self) -> int | None:
        return self.generation.answer_tokens if self.generation else None

    @property
    def call_tokens(self) -> int | None:
        return self.generation.call_tokens if self.generation else None

    @property
    def load_s(self) -> float | None:
        return self.generation.load_s if self.generation else None

    @property
    def prefill_s(self) -> float | None:
        return self.generation.prefill_s if self.generation else None

    @property
    def decode_s(self) -> float | None:
        return self.generation.decode_s if self.generation else None


def unexplained_s(model_s: float, generation: Generation | None) -> float | None:
    """Seconds of `model_s` outside the engine's phases: model_s - load_s - prefill_s - decode_s."""
    if generation is None or generation.unexplained_s is None or generation.total_s is None:
        return None
    return generation.unexplained_s + model_s - generation.total_s


def step_of(state: State, reply: Reply, observation: str, *, closing: bool) -> Step:
    """The cycle in progress, which ends with the last lap of the run's stopwatch."""
    generation, spent = record.of(reply.message), state.spent
    prompt_tokens = generation.prompt_tokens if generation else None
    before = state.steps[-1].prompt_tokens if state.steps else None
    return Step(
        cycle=state.cycle,
        thought=reply.thought,
        calls=reply.calls,
        observation=observation,
        forced=reply.forced,
        repaired=reply.repaired,
        prompt_tokens=prompt_tokens,
        cached_tokens=generation.cached_tokens if generation else None,
        decode_tokens=generation.decode_tokens if generation else None,
        wall_s=spent.wall_s,
        model_s=spent.model_s,
        tool_s=spent.tool_s,
        framework_s=spent.framework_s,
        unexplained_s=unexplained_s(spent.model_s, generation),
        generation=generation,
        trimmed=state.trimmed,
        prompt_fell=prompt_tokens is not None and before is not None and prompt_tokens < before and not state.trimmed,
        closing=closing,
    )
