"""speedking agent: the loop over a folder, each cycle as it happens; and whether a model can drive it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.limits import MAX_CYCLES
from inference.errors import UsageError
from speedking.agent_runs import RESUMABLE, Trace, kept_runs, let_go, new_run_id, tracing
from speedking.agent_shown import called, show_end, show_step, step_json
from speedking.agents import Extras, agent_over
from speedking.answers import answer_json, exit_code, show_answer
from speedking.calling import Wanted, calling, probe_json, probe_now, show_probe
from speedking.console import Terminal
from speedking.engine import Choice, choose, engine_line
from speedking.library import Opening, opened, synced, warn_of_question
from speedking.settings import Settings

if TYPE_CHECKING:
    from agents import Agent, AgentRun, Call, Limits, Step, Tools
    from agents.graph.drive import Approve
    from rag import Index

ERROR, CANCELLED = 1, 130
NEXT_STEPS = {
    "engine_error": "see that the server runs, and try again, or use --engine reader",
    "overflow": "allow fewer --cycles, or give the model more room: speedking tune --num-ctx 16384",
}
AGAIN = "run it again, with more --cycles, a longer --wall or another --model"


@dataclass(frozen=True, slots=True)
class Wish:
    """A run as the person asked for it. `resume` is the id of one to go on with: it has its own task."""

    task: str | None
    limits: Limits
    calls: Wanted = "auto"
    think: bool = False
    trace: Path | None = None
    resume: str | None = None
    approve: bool = False
    mcp: Path | None = None

    def command(self, opening: Opening, run_id: str) -> str:
        """What goes on with the run as it was begun."""
        settings = opening.settings
        typed = (settings.engine, settings.model, settings.base_url, settings.encoder)
        given = [
            ("--resume", run_id),
            ("--cycles", self.limits.max_cycles if self.limits.max_cycles != MAX_CYCLES else None),
            ("--wall", self.limits.wall_s and f"{self.limits.wall_s:g}"),
            ("--calls", self.calls if self.calls != "auto" else None),
            ("--trace", self.trace),
            ("--mcp", self.mcp),
            *((one.source, one.value) for one in typed),
        ]
        flags = [part for flag, value in given if value and flag.startswith("--") for part in (flag, str(value))]
        switches = [flag for flag, is_set in (("--think", self.think), ("--approve", self.approve)) if is_set]
        return shlex.join([*opening.words("agent"), *flags, *switches])


def run(opening: Opening, wish: Wish, *, terminal: Terminal) -> int:
    with (
        opened(opening, terminal.note) as library,
        _foreign(wish, terminal) as foreign,
        tracing(wish.trace, terminal.note) as trace,
    ):
        choice = choose(opening.settings, think=wish.think, purpose="agent")
        terminal.note(engine_line(choice))
        synced(library, opening, terminal)
        if wish.task is not None:
            warn_of_question(wish.task, library, terminal)
        with kept_runs(library.location) as saver:
            extras = Extras(foreign, saver, _asking(terminal) if wish.approve else None)
            agent = _agent(library, choice, wish, extras, terminal)
            result = _carried_out(agent, wish, choice, trace, terminal)
            let_go(saver, result, terminal.note)
        result = replace(result, answer=replace(result.answer, embedded_share=library.embedded_share))
        again = wish.command(opening, result.run_id)
        if terminal.json_mode:
            terminal.json(_document(result, choice, again))
        else:
            show_end(result, terminal)
            if not _broke_off(result):
                show_answer(result.answer, library.folder, terminal)
        if result.stop_reason in RESUMABLE:
            terminal.note(f"go on with it: {again}")
    return _code(result)


def run_probe(settings: Settings, *, terminal: Terminal) -> int:
    """Whether the model in use can drive the loop, and by which way of calling."""
    choice = choose(settings, purpose="agent")
    terminal.note(engine_line(choice))
    if choice.connection is None:
        raise UsageError(
            "there is no language model to probe: the reader needs no calls",
            next_step="start Ollama, or name one with --engine and --model",
        )
    with terminal.waiting("asking for prepared calls"):
        probe = probe_now(choice.connection, terminal.note)
    if terminal.json_mode:
        terminal.json({**probe_json(probe), "engine": choice.engine, "model": choice.model or None})
    else:
        show_probe(probe, terminal)
    return 0


def _agent(library: Index, choice: Choice, wish: Wish, extras: Extras, terminal: Terminal) -> Agent:
    if choice.connection is None:
        return agent_over(library, choice, wish.limits, extras=extras)
    with terminal.waiting("asking how the model calls tools"):
        way = calling(choice.connection, wish.calls, terminal.note)
    terminal.note(f"calls: {way.mode}: {way.why}")
    return agent_over(library, choice, wish.limits, mode=way.mode, extras=extras)


def _carried_out(agent: Agent, wish: Wish, choice: Choice, trace: Trace, terminal: Terminal) -> AgentRun:
    def heard(step: Step) -> None:
        trace.step(step)
        show_step(step, terminal)

    def kept(step: Step) -> None:
        """In the trace it stands already."""
        show_step(step, terminal)

    run_id = wish.resume or new_run_id()
    trace.begin(
        run_id=run_id, task=wish.task, resumed=wish.resume is not None, engine=choice.engine, model=choice.model
    )
    if wish.resume is None:
        terminal.note(f"run {run_id}: if it is stopped, --resume {run_id} with the same options goes on with it")
    with terminal.waiting("thinking and searching"):
        if wish.resume is not None:
            result = agent.resume(wish.resume, heard, kept)
        else:
            result = agent.run(wish.task or "", heard, run_id=run_id)
    trace.end(result)
    return result


def _asking(terminal: Terminal) -> Approve:
    """Raises UsageError where nobody can be asked."""
    if not terminal.interactive:
        raise UsageError(
            "--approve asks a person at the terminal, and there is none",
            next_step="leave it out: what changes something is then declined",
        )

    def approve(call: Call, again: bool) -> bool:
        before = "This may have been done already, before the run was stopped. Do it again" if again else "Allow"
        return terminal.agreed(f"{before}: {called(call)}?", default=False)

    return approve


@contextmanager
def _foreign(wish: Wish, terminal: Terminal) -> Iterator[Tools | None]:
    """The tools of the MCP servers that the person named."""
    if wish.mcp is None:
        yield None
        return
    from speedking.mcp_servers import mcp_tools_of

    tools = mcp_tools_of(wish.mcp)
    terminal.note(f"tools of {wish.mcp}: {', '.join(spec.name for spec in tools.specs) or 'none'}")
    yield tools


def _document(result: AgentRun, choice: Choice, again: str) -> dict[str, Any]:
    return {
        **answer_json(result.answer, choice),
        "answer": result.answer.text,
        "answered_by": result.answer.engine,
        "stop_reason": result.stop_reason,
        "run_id": result.run_id,
        "steps": [step_json(step) for step in result.steps],
        "error": _error_json(result, again),
        "timings": result.timings,
    }


def _code(result: AgentRun) -> int:
    if result.stop_reason == "cancelled":
        return CANCELLED
    return ERROR if _broke_off(result) else exit_code(result.answer)


def _broke_off(result: AgentRun) -> bool:
    """Without a verdict on what the documents say: the run failed, or it ended before anything was found."""
    answer, reason = result.answer, result.stop_reason
    nothing_found = answer.support is None and not answer.answerable and reason != "not_in_documents"
    return not answer.citations and (nothing_found or reason in RESUMABLE)


def _error_json(result: AgentRun, again: str) -> dict[str, str] | None:
    if result.error is None and not _broke_off(result):
        return None
    message = result.error or "the run ended before anything was found"
    next_step = NEXT_STEPS.get(result.stop_reason, AGAIN)
    if result.stop_reason == "cancelled":
        next_step = f"go on with it: {again}"
    return {"kind": result.stop_reason, "message": message, "next_step": next_step}
