"""The command `agent`: options in, exit code out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

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
    settings_of,
)

if TYPE_CHECKING:
    from speedking.calling import Wanted

CALLS = ("auto", "native", "schema")


FolderOrNone = Annotated[Path | None, typer.Argument(help="The folder of documents.", show_default=False)]
Task = Annotated[str | None, typer.Argument(help="What to find out.", show_default=False)]
Cycles = Annotated[int, typer.Option("--cycles", min=1, help="Cycles (thinking, then a search or a reading) at most.")]
Wall = Annotated[
    float | None,
    typer.Option("--wall", help="Seconds after which it begins no further cycle.", show_default="no limit"),
]
Calls = Annotated[
    str, typer.Option("--calls", help="How the model calls: native, schema (held to JSON), auto (by a short probe).")
]
TraceFile = Annotated[
    Path | None, typer.Option("--trace", help="Append every cycle to this file, as JSON.", show_default=False)
]
Resume = Annotated[
    str | None, typer.Option("--resume", help="Go on with a stopped run, by its id.", show_default=False)
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
    cycles: Cycles = MAX_CYCLES,
    wall: Wall = None,
    calls: Calls = "auto",
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
    from agents import Limits
    from speedking.commands import agent as command

    settings, terminal = settings_of(engine, model, base_url, encoder), Terminal(json_mode=json)
    if calls not in CALLS:
        raise UsageError(f"there is no way of calling {calls!r}", next_step=f"--calls takes {', '.join(CALLS)}")
    if probe:
        return command.run_probe(settings, terminal=terminal)
    wish = command.Wish(
        task=_task(folder, task, resume),
        limits=Limits(max_cycles=cycles, wall_s=wall),
        calls=cast("Wanted", calls),
        think=think,
        trace=trace,
        resume=resume,
        approve=approve,
        mcp=mcp,
    )
    assert folder is not None
    return command.run(Opening(folder, index, settings, no_sync, no_wait, yes), wish, terminal=terminal)


def _task(folder: Path | None, task: str | None, resume: str | None) -> str | None:
    """Raises UsageError where the folder is missing, and where there is neither a task nor a run that has one, or
    both."""
    if folder is None:
        raise UsageError("no folder was named", next_step='speedking agent FOLDER "task"; --probe alone needs none')
    if resume is not None:
        if task is not None:
            raise UsageError(
                "a run that is gone on with has its task already", next_step="leave the task out, or leave out --resume"
            )
        return None
    if task is None:
        raise UsageError("no task was given", next_step="write the task in quotes behind the folder")
    return said(task, "task")
