"""speedking agent: the loop over a folder, each cycle as it happens; and whether a model can drive it."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from inference.errors import EngineUnavailableError, UsageError
from speedking.agent_begun import Begun, BegunRuns, begun
from speedking.agent_ending import Ending
from speedking.agent_options import Options
from speedking.agent_runs import Trace, kept_runs, let_go, new_run_id, tracing
from speedking.agent_shown import called, show_step
from speedking.agents import Extras, agent_over
from speedking.calling import Wanted, calling, probe_json, probe_now, show_probe
from speedking.console import Terminal
from speedking.engine import Choice, choose, engine_line
from speedking.library import Opening, opened, synced, warn_of_question
from speedking.settings import Settings

if TYPE_CHECKING:
    from agents import Agent, AgentRun, Call, Limits, Step, Tools
    from rag import Index


@dataclass(frozen=True, slots=True)
class Wish:
    """A run as the person asked for it. `before`: the one to go on with, whose task and options it has where nothing
    else was said."""

    task: str
    options: Options
    before: Begun | None = None

    def command(self, opening: Opening, run_id: str) -> str:
        """What goes on with the run as it was begun."""
        return shlex.join([*opening.words("agent"), "--resume", run_id, *self.options.flags])


def run(opening: Opening, wish: Wish, *, terminal: Terminal) -> int:
    options, limits = wish.options, wish.options.limits
    with (
        opened(opening, terminal.note) as library,
        _foreign(options, terminal) as foreign,
        tracing(options.trace, terminal.note) as trace,
    ):
        choice = choose(opening.settings, think=options.think, purpose="agent")
        terminal.note(engine_line(choice))
        _check_same(choice, wish, terminal)
        synced(library, opening, terminal)
        warn_of_question(wish.task, library, terminal)
        runs, allowed = BegunRuns(library.location), Allowed(terminal)
        with kept_runs(library.location) as saver:
            extras = Extras(foreign, saver, allowed.approve if options.approve else None)
            agent = _agent(library, choice, options.calls or "auto", limits, extras, terminal)
            run_id = wish.before.run_id if wish.before else new_run_id()
            with runs.driving(run_id):
                _begin(runs, run_id, choice, wish, opening, terminal)
                result = _carried_out(agent, run_id, wish, choice, trace, terminal)
                let_go(saver, runs, result, terminal.note)
        _tell_changed(result, wish, library, terminal)
        result = replace(result, answer=replace(result.answer, embedded_share=library.embedded_share))
        ending = Ending(result, choice, wish.command(opening, result.run_id), tuple(map(called, allowed.calls)))
        if terminal.json_mode:
            terminal.json(ending.json())
        else:
            ending.show(library.folder, terminal)
        if ending.resumable:
            terminal.note(f"go on with it: {ending.again}")
    return ending.code


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


def _agent(library: Index, choice: Choice, wanted: str, limits: Limits, extras: Extras, terminal: Terminal) -> Agent:
    if choice.connection is None:
        return agent_over(library, choice, limits, extras=extras)
    with terminal.waiting("asking how the model calls tools"):
        way = calling(choice.connection, cast("Wanted", wanted), terminal.note)
    terminal.note(f"calls: {way.mode}: {way.why}")
    return agent_over(library, choice, limits, mode=way.mode, extras=extras)


def _check_same(choice: Choice, wish: Wish, terminal: Terminal) -> None:
    """Says where it is another model that goes on with a run. Raises EngineUnavailableError where a model's run would
    be finished without one, and nobody asked for that."""
    before = wish.before
    if before is None or (before.engine, before.model) == (choice.engine, choice.model or ""):
        return
    begun_with = f"the run {before} was begun with {before.engine} {before.model}".rstrip()
    if choice.connection is None and wish.options.engine != "reader":
        raise EngineUnavailableError(
            f"{begun_with}, and now it would be the reader ({choice.why})",
            next_step="see that the model answers, and try again; --engine reader goes on without one",
        )
    terminal.note(begun_with)


def _begin(runs: BegunRuns, run_id: str, choice: Choice, wish: Wish, opening: Opening, terminal: Terminal) -> None:
    """A new run is written down before its id is told."""
    if wish.before is not None:
        begun(opening, run_id)  # another process may have ended it before this one had it to itself
        terminal.note(f"going on with {wish.before}")
        return
    try:
        runs.add(
            Begun(run_id=run_id, task=wish.task, engine=choice.engine, model=choice.model or "", options=wish.options)
        )
    except (sqlite3.Error, OSError, ValueError) as error:
        terminal.note(f"run {run_id} cannot be gone on with, should it be stopped: {error}")
    else:
        again = f"{opening.command('agent')} --resume {run_id}"
        terminal.note(f"run {run_id}; should it be stopped, this goes on with it: {again}")


def _tell_changed(result: AgentRun, wish: Wish, library: Index, terminal: Terminal) -> None:
    """A run that was stopped quotes files as it read them."""
    if wish.before is None:
        return
    now = {file: {passage.text for passage in library.read(file)} for file in {one.file for one in result.passages}}
    changed = sorted({one.file for one in result.passages if one.text not in now[one.file]})
    if changed:
        terminal.note(f"changed since the run read them, which it quotes as they were: {', '.join(changed)}")


def _carried_out(agent: Agent, run_id: str, wish: Wish, choice: Choice, trace: Trace, terminal: Terminal) -> AgentRun:
    def heard(step: Step) -> None:
        trace.step(step)
        show_step(step, terminal)

    def kept(step: Step) -> None:
        """In the trace it stands already."""
        show_step(step, terminal, earlier=True)

    resumed = wish.before is not None
    trace.begin(run_id=run_id, task=wish.task, resumed=resumed, engine=choice.engine, model=choice.model)
    with terminal.waiting("thinking and searching"):
        if resumed and agent.kept(run_id):
            result = agent.resume(run_id, heard, kept)
        else:
            result = agent.run(wish.task, heard, run_id=run_id)
    trace.end(result)
    return result


class Allowed:
    """The person's word on calls that change something."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.calls: list[Call] = []

    def approve(self, call: Call, again: bool) -> bool:
        before = "This may have been done already, before the run was stopped. Do it again" if again else "Allow"
        agreed = self._terminal.agreed(f"{before}: {called(call)}?", default=False)
        if agreed:
            self.calls.append(call)
        return agreed


@contextmanager
def _foreign(options: Options, terminal: Terminal) -> Iterator[Tools | None]:
    """The tools of the MCP servers that the person named."""
    if options.mcp is None:
        yield None
        return
    from speedking.mcp_servers import mcp_tools_of

    tools = mcp_tools_of(options.mcp)
    terminal.note(f"tools of {options.mcp}: {', '.join(spec.name for spec in tools.specs) or 'none'}")
    changing = [spec.name for spec in tools.specs if not spec.read_only]
    if changing and not options.approve:
        terminal.note(f"may change something, so declined unasked without --approve: {', '.join(changing)}")
    yield tools
