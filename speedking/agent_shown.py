"""A run of the agent as a person sees it: each cycle with its thought, calls, observation, seconds and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from speedking.console import Terminal, clean, counted

if TYPE_CHECKING:
    from agents import AgentRun, Call, Step

SHOWN = 240
"""Characters of a thought or an observation that are shown; --json has them whole."""


ENGINE_FIGURES = ("new_tokens", "thinking_tokens", "answer_tokens", "call_tokens", "load_s", "prefill_s", "decode_s")
"""What a step takes from the engine's record, beside its own fields."""


def step_json(step: Step) -> dict[str, Any]:
    """A cycle as the contract has it; what only measuring needs is left out (--trace has it)."""
    from eval import to_json

    document = cast(dict[str, Any], to_json(step))
    document.pop("generation", None)
    return {**document, **{name: getattr(step, name) for name in ENGINE_FIGURES}}


def show_step(step: Step, terminal: Terminal, *, earlier: bool = False) -> None:
    """One cycle: thought, calls, what came back, and where the time went; `earlier`: before the run was stopped."""
    from rich.text import Text

    if terminal.json_mode:
        return
    calls = ", ".join(called(call) for call in step.calls) or "no call"
    marks = _marks(step) + " (before it was stopped)" * earlier
    terminal.show(Text(f"cycle {step.cycle}  {_cut(calls)}{marks}", style=terminal.style("cyan")))
    if step.thought:
        terminal.show(Text(f"  thought      {_cut(step.thought)}"))
    if step.observation:
        terminal.show(Text(f"  observation  {_cut(step.observation)}"))
    terminal.show(Text(f"  {_seconds(step)}{_tokens(step)}", style=terminal.style("dim")))
    if step.prompt_fell:
        terminal.note(
            "the server read fewer tokens than in the cycle before: it cuts what does not fit, perhaps the task"
            " itself; `speedking doctor` shows the context in force"
        )


def show_end(run: AgentRun, terminal: Terminal) -> None:
    error = f": {clean(run.error)}" if run.error else ""
    closing = any(step.closing for step in run.steps)
    cycles = counted(len(run.steps) - closing, "cycle") + " and the last call" * closing
    terminal.show(f"stopped: {run.stop_reason}{error}; {cycles}, {run.wall_s:.1f} s\n")


def called(call: Call) -> str:
    return f"{call.name}({_arguments(call.arguments)})"


def _marks(step: Step) -> str:
    marks = {"repaired": step.repaired, "forced": step.forced, "trimmed": step.trimmed, "last call": step.closing}
    return "".join(f" ({name})" for name, is_set in marks.items() if is_set)


def _seconds(step: Step) -> str:
    """The model's time in the engine's phases where it tells them; what is left of it apart."""
    parts = {"load": step.load_s, "prefill": step.prefill_s, "decode": step.decode_s}
    if None in (step.prefill_s, step.decode_s):
        parts = {"model": step.model_s}
    parts |= {"tools": step.tool_s, "framework": step.framework_s, "unexplained": step.unexplained_s}
    told = ", ".join(f"{name} {_short(value)}" for name, value in parts.items() if value is not None and value > 0)
    return f"{_short(step.wall_s)} s: {told}"


def _short(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= 0.01 else f"{seconds:.4f}"


def _tokens(step: Step) -> str:
    told = ""
    if step.prompt_tokens:
        told = f"; {step.prompt_tokens:,} tokens read"
        if step.cached_tokens is not None:
            told += f" ({step.cached_tokens / step.prompt_tokens:.0%} of them cached)"
    if step.decode_tokens is not None:
        parts = {"thinking": step.thinking_tokens, "call": step.call_tokens}
        of_them = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count)
        told += f"; {step.decode_tokens:,} written" + (f" ({of_them})" if of_them else "")
    return told


def _arguments(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def _cut(text: str) -> str:
    line = " ".join(clean(text).split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
