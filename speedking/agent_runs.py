"""Runs of the agent that can be gone on with, kept in the index's place, and traces of runs."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from agents.step import MENDABLE
from inference.errors import UsageError
from speedking.agent_begun import DRIVEN, RUNS, BegunRuns

if TYPE_CHECKING:
    from agents import AgentRun, Step
    from agents.graph.wiring import Saver

RESUMABLE = ("cancelled", *MENDABLE)
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
    for kept in (*(location / f"{RUNS}{end}" for end in ("", "-wal", "-shm")), *location.glob(DRIVEN.format("*"))):
        kept.unlink(missing_ok=True)


def let_go(saver: Saver, runs: BegunRuns, run: AgentRun, say: Callable[[str], None]) -> None:
    """A run that has ended takes up no more room. Where that cannot be written, the run is no worse for it."""
    if run.stop_reason in RESUMABLE:
        return
    try:
        runs.remove(run.run_id)  # first: what is listed can be gone on with
        saver.delete_thread(run.run_id)
    except sqlite3.Error as error:
        say(f"what was kept of the run stays: {error}")


class Trace:
    """A line of JSON for the run's beginning, each cycle as it ends, and the end; each is flushed."""

    def __init__(self, file: TextIO | None, say: Callable[[str], None]) -> None:
        self._file, self._say = file, say

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
        if self._file is None:
            return
        try:
            self._file.write(json.dumps({"kind": kind, **document}, default=str) + "\n")
            self._file.flush()
        except OSError as error:
            self._say(f"the trace ends here, it cannot be written any more: {error.strerror}")
            self._file = None


@contextmanager
def tracing(path: Path | None, say: Callable[[str], None]) -> Iterator[Trace]:
    """Appends to the file; without a path nothing is written. Raises UsageError where it cannot be."""
    if path is None:
        yield Trace(None, say)
        return
    try:
        file = path.expanduser().open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the trace cannot be written to {path}: {error.strerror}", next_step="name another file with --trace"
        ) from error
    try:
        yield Trace(file, say)
    finally:
        with suppress(OSError):  # what could not be flushed was told
            file.close()
