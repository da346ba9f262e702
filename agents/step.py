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
    from agents.turn import Taken

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


@dataclass(frozen=True, slots=True)
class Step:
    """One cycle: a call of the model and what was done with it. None is unknown, never 0.

    `wall_s` runs from the end of the cycle before (for the first, from the start of the run) and is
    `model_s + tool_s + framework_s`: the policy's call, the tools, and all else (graph, transcript,
    normaliser). `unexplained_s` is a part of `model_s`: what the engine's load, prefill and decode do
    not account for (transport, template, sampling, client). `forced`: the benchmark's prepared call went
    in. `repaired`: the call was written as text, or its arguments had to be unwrapped. `trimmed`: old
    observations were shortened to fit the context, so the cached head of the prompt was lost.
    `generation` is the engine's record, from which the three token counts are taken.
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


def unexplained_s(model_s: float, generation: Generation | None) -> float | None:
    """Seconds of `model_s` outside the engine's phases: model_s - load_s - prefill_s - decode_s."""
    if generation is None or generation.unexplained_s is None or generation.total_s is None:
        return None
    return generation.unexplained_s + model_s - generation.total_s


def step_of(state: State, reply: Reply, taken: Taken, now_s: float) -> Step:
    """The cycle in progress, ended at `now_s` of the run's clock."""
    generation = record.of(reply.message)
    wall_s = now_s - state.cycle_at_s
    return Step(
        cycle=state.cycle,
        thought=reply.thought,
        calls=reply.calls,
        observation=taken.observation,
        forced=reply.forced,
        repaired=reply.repaired,
        prompt_tokens=generation.prompt_tokens if generation else None,
        cached_tokens=generation.cached_tokens if generation else None,
        decode_tokens=generation.decode_tokens if generation else None,
        wall_s=wall_s,
        model_s=state.model_s,
        tool_s=taken.tool_s,
        framework_s=wall_s - state.model_s - taken.tool_s,
        unexplained_s=unexplained_s(state.model_s, generation),
        generation=generation,
        trimmed=state.trimmed,
    )
