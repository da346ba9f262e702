"""Runs of the agent that can be gone on with, kept in the index's place, and traces of runs."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from inference.errors import UsageError

if TYPE_CHECKING:
    from agents import AgentRun, Step
    from agents.graph.wiring import Saver

RUNS = "agent_runs.sqlite"
RESUMABLE = ("cancelled", "engine_error", "overflow")
"""How a run ends that can be gone on with; of others nothing is kept."""


def new_run_id() -> str:
    """Short, to be typed."""
    return secrets.token_hex(3)


@contextmanager
def kept_runs(location: Path) -> Iterator[Saver]:
    from agents.graph.saver import sqlite_saver

    with sqlite_saver(location / RUNS) as saver:
        yield saver


def forget_runs(location: Path) -> None:
    for end in ("", "-wal", "-shm"):
        (location / f"{RUNS}{end}").unlink(missing_ok=True)


def let_go(saver: Saver, run: AgentRun) -> None:
    """A run that has ended takes up no more room."""
    if run.stop_reason not in RESUMABLE:
        saver.delete_thread(run.run_id)


class Trace:
    """A line of JSON for the run's beginning, each cycle as it ends, and the end; each is flushed."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file

    def begin(self, **facts: Any) -> None:
        self._line("run", facts)

    def step(self, step: Step) -> None:
        from eval import to_json

        self._line("step", to_json(step))

    def end(self, run: AgentRun) -> None:
        from langchain_core.messages import messages_to_dict

        facts = {"run_id": run.run_id, "stop_reason": run.stop_reason, "error": run.error, "timings": run.timings}
        self._line("end", {**facts, "answer": run.answer.text, "messages": messages_to_dict(list(run.messages))})

    def _line(self, kind: str, document: Any) -> None:
        if self._file is not None:
            self._file.write(json.dumps({"kind": kind, **document}, default=str) + "\n")
            self._file.flush()


@contextmanager
def tracing(path: Path | None) -> Iterator[Trace]:
    """Appends to the file; without a path nothing is written. Raises UsageError where it cannot be."""
    if path is None:
        yield Trace(None)
        return
    try:
        file = path.expanduser().open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the trace cannot be written to {path}: {error.strerror}", next_step="name another file with --trace"
        ) from error
    with file:
        yield Trace(file)
