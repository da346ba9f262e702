"""speedking agent: the loop over a folder, each cycle as it happens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from speedking.agents import agent_over
from speedking.answers import answer_json, exit_code, show_answer
from speedking.console import Terminal, clean
from speedking.engine import choose, engine_line
from speedking.library import Opening, opened, synced, warn_of_question

if TYPE_CHECKING:
    from agents import AgentRun, Step

ERROR, CANCELLED = 1, 130
NEXT_STEPS = {
    "engine_error": "see that the server runs, and try again, or use --engine reader",
    "overflow": "allow fewer --cycles, or give the model more room: speedking tune --num-ctx 16384",
}
AGAIN = "run it again, with more --cycles, a longer --wall or another --model"
SHOWN = 240
"""Characters of a thought or an observation that are shown; --json has them whole."""


def run(
    opening: Opening,
    task: str,
    *,
    cycles: int,
    wall_s: float | None,
    think: bool,
    terminal: Terminal,
) -> int:
    from agents import Limits

    limits = Limits(max_cycles=cycles, wall_s=wall_s)
    with opened(opening, terminal.note) as library:
        choice = choose(opening.settings, think=think, purpose="agent")
        terminal.note(engine_line(choice))
        synced(library, opening, terminal)
        warn_of_question(task, library, terminal)
        agent = agent_over(library, choice, limits)
        with terminal.waiting("thinking and searching"):
            result = agent.run(task, lambda step: show_step(step, terminal))
        result = replace(result, answer=replace(result.answer, embedded_share=library.embedded_share))
        if terminal.json_mode:
            timings = {"wall_s": result.wall_s}
            document = {
                **answer_json(result.answer, choice),
                "answer": result.answer.text,
                "stop_reason": result.stop_reason,
                "steps": [step_json(step) for step in result.steps],
                "error": _error_json(result),
                "timings": timings,
            }
            terminal.json(document)
        else:
            _show_end(result, terminal)
            if not _broke_off(result):
                show_answer(result.answer, library.folder, terminal)
    return _code(result)


def _code(result: AgentRun) -> int:
    if result.stop_reason == "cancelled":
        return CANCELLED
    return ERROR if _broke_off(result) else exit_code(result.answer)


def _broke_off(result: AgentRun) -> bool:
    """Without a verdict on what the documents say: the run failed, or it ended before anything was found."""
    answer, reason = result.answer, result.stop_reason
    nothing_found = answer.support is None and not answer.answerable and reason != "not_in_documents"
    return not answer.citations and (nothing_found or reason in ("cancelled", "engine_error", "overflow"))


def _error_json(result: AgentRun) -> dict[str, str] | None:
    if result.error is None and not _broke_off(result):
        return None
    message = result.error or "the run ended before anything was found"
    return {"kind": result.stop_reason, "message": message, "next_step": NEXT_STEPS.get(result.stop_reason, AGAIN)}


def step_json(step: Step) -> dict[str, Any]:
    """A cycle as the contract has it; what only measuring needs is left out."""
    from eval import to_json

    document = cast(dict[str, Any], to_json(step))
    document.pop("generation", None)
    return document


def show_step(step: Step, terminal: Terminal) -> None:
    """One cycle: thought, calls, what came back, and where the time went."""
    from rich.text import Text

    if terminal.json_mode:
        return
    calls = ", ".join(f"{call.name}({_arguments(call.arguments)})" for call in step.calls) or "no call"
    marks = "".join(f" ({name})" for name, is_set in (("repaired", step.repaired), ("forced", step.forced)) if is_set)
    terminal.show(Text(f"cycle {step.cycle}  {_cut(calls)}{marks}", style="cyan" if terminal.out.is_terminal else ""))
    if step.thought:
        terminal.show(Text(f"  thought      {_cut(step.thought)}"))
    if step.observation:
        terminal.show(Text(f"  observation  {_cut(step.observation)}"))
    terminal.show(Text(f"  {_times(step)}", style="dim" if terminal.out.is_terminal else ""))


def _times(step: Step) -> str:
    tokens = "" if step.prompt_tokens is None else f"; {step.prompt_tokens:,} tokens read"
    tokens += "" if step.cached_tokens is None else f" ({step.cached_tokens:,} of them cached)"
    tokens += "" if step.decode_tokens is None else f", {step.decode_tokens:,} written"
    return f"{step.wall_s:.2f} s: model {step.model_s:.2f}, tools {step.tool_s:.2f}{tokens}"


def _arguments(arguments: Any) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items())


def _cut(text: str) -> str:
    line = " ".join(clean(text).split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def _show_end(result: AgentRun, terminal: Terminal) -> None:
    error = f": {clean(result.error)}" if result.error else ""
    count = len(result.steps)
    terminal.show(f"stopped: {result.stop_reason}{error}; {count} cycle{'s' * (count != 1)}, {result.wall_s:.1f} s\n")
