"""The command `agent`: options in, exit code out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agents.limits import MAX_CYCLES
from inference.errors import UsageError
from speedking.console import Terminal
from speedking.library import Opening
from speedking.options import (
    BaseUrl,
    EncoderName,
    EngineName,
    IndexDir,
    Json,
    ModelName,
    NoSync,
    NoWait,
    Think,
    Yes,
    said,
)

if TYPE_CHECKING:
    from speedking.agent_options import Options
    from speedking.commands.agent import Wish

CALLS = ("auto", "native", "schema")


FolderOrNone = Annotated[Path | None, typer.Argument(help="The folder of documents.", show_default=False)]
Task = Annotated[str | None, typer.Argument(help="What to find out.", show_default=False)]
Cycles = Annotated[
    int | None,
    typer.Option(
        "--cycles", help="Cycles (thinking, then a search or a reading) at most.", show_default=str(MAX_CYCLES)
    ),
]
Wall = Annotated[
    float | None,
    typer.Option(
        "--wall",
        help="Seconds after which no further cycle begins; the last call, for the answer, may take 60 s more.",
        show_default="no limit",
    ),
]
Calls = Annotated[
    str | None,
    typer.Option(
        "--calls",
        help="How the model calls: native, schema (held to JSON), auto (by a short probe).",
        show_default="auto",
    ),
]
TraceFile = Annotated[
    Path | None, typer.Option("--trace", help="Append every cycle to this file, as JSON.", show_default=False)
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        help="Go on with a stopped run, by its id: with its task, and each option that is not given anew.",
        show_default=False,
    ),
]
Approve = Annotated[bool, typer.Option("--approve", help="Ask me before a tool changes something.")]
Mcp = Annotated[
    Path | None, typer.Option("--mcp", help="Tools of the MCP servers in this JSON file.", show_default=False)
]
Probe = Annotated[
    bool, typer.Option("--probe", help="Only show whether the model can drive the loop; needs no folder.")
]


def agent(
    folder: FolderOrNone = None,
    task: Task = None,
    cycles: Cycles = None,
    wall: Wall = None,
    calls: Calls = None,
    trace: TraceFile = None,
    resume: Resume = None,
    approve: Approve = False,
    mcp: Mcp = None,
    probe: Probe = False,
    engine: EngineName = None,
    model: ModelName = None,
    base_url: BaseUrl = None,
    think: Think = False,
    encoder: EncoderName = None,
    index: IndexDir = None,
    no_sync: NoSync = False,
    no_wait: NoWait = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Let an agent search and read in cycles; shows each one, and a cited answer."""
    from speedking.agent_options import Options
    from speedking.commands import agent as command

    terminal = Terminal(json_mode=json)
    if calls is not None and calls not in CALLS:
        raise UsageError(f"there is no way of calling {calls!r}", next_step=f"--calls takes {', '.join(CALLS)}")
    options = Options(
        engine=engine,
        model=model,
        base_url=base_url,
        encoder=encoder,
        cycles=cycles,
        wall=wall,
        calls=calls,
        trace=trace,
        mcp=mcp,
        think=think,
        approve=approve,
    ).from_anywhere()
    if probe:
        return command.run_probe(options.settings, terminal=terminal)
    opening = Opening(_folder(folder), index, options.settings, no_sync, no_wait, yes)
    wish = _wish(opening, task, resume, options, asked=terminal.interactive)
    return command.run(replace(opening, settings=wish.options.settings), wish, terminal=terminal)


def _folder(folder: Path | None) -> Path:
    if folder is None:
        raise UsageError("no folder was named", next_step='speedking agent FOLDER "task"; --probe alone needs none')
    return folder


def _wish(opening: Opening, task: str | None, resume: str | None, options: Options, *, asked: bool) -> Wish:
    """`asked`: somebody can be, else a run that was begun with --approve goes on without it. Raises UsageError where
    there is neither a task nor a run that has one, or two that differ, and for an --approve that nobody would hear."""
    from speedking.agent_begun import begun
    from speedking.commands.agent import Wish

    if options.approve and not asked:
        raise UsageError(
            "--approve asks a person at the terminal, and there is none",
            next_step="leave it out: what changes something is then declined",
        )
    if resume is None and task is None:
        raise UsageError("no task was given", next_step="write the task in quotes behind the folder")
    if resume is None:
        return Wish(said(task or "", "task"), options)
    before = begun(opening, resume)
    if task not in (None, before.task):
        raise UsageError(
            f"the run {before} has its task already", next_step="leave the task out, or leave out --resume"
        )
    kept = before.options.model_copy(update={"approve": before.options.approve and asked})
    return Wish(before.task, options.over(kept), before)
