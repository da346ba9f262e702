"""Runs of the agent that have not ended, as they were begun: beside what `agents.graph.saver` keeps of them, so that an
id alone goes on with one, and a person can see which there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from inference.errors import UsageError
from speedking.agent_options import Options
from speedking.console import place
from speedking.library import Opening

RUNS, DRIVEN = "agent_runs.sqlite", "agent_run_{}.lock"
TABLE = "create table if not exists begun (run_id text primary key, told text not null)"
SHOWN_CHARS = 60
MOST_SHOWN = 5


class Begun(BaseModel):
    """`engine` and `model` are those that were in use, however they were chosen."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    task: str
    engine: str
    model: str
    options: Options = Options()

    def __str__(self) -> str:
        task = place(self.task, None)
        return f'{self.run_id} ("{task if len(task) <= SHOWN_CHARS else f"{task[:SHOWN_CHARS]}…"}")'


class BegunRuns:
    """Those of one index."""

    def __init__(self, location: Path) -> None:
        self._path = location / RUNS

    def add(self, run: Begun) -> None:
        """Raises sqlite3.Error, OSError, or ValueError for a name that is no text, where it cannot be written."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.execute("insert or replace into begun values (?, ?)", (run.run_id, run.model_dump_json()))

    def remove(self, run_id: str) -> None:
        """Raises sqlite3.Error where it cannot be written."""
        with self._open() as connection:
            connection.execute("delete from begun where run_id = ?", (run_id,))

    def all(self) -> list[Begun]:
        """In the order in which they were begun, without those that another version kept; nothing is made where none
        was kept. Raises sqlite3.Error where they cannot be read."""
        if not self._path.exists():
            return []
        with self._open() as connection:
            told = connection.execute("select told from begun order by rowid").fetchall()
        return [run for (one,) in told if (run := _read(one)) is not None]

    @contextmanager
    def driving(self, run_id: str) -> Iterator[None]:
        """While a process drives the run; its lock is free again when it dies. Raises UsageError where another does."""
        lock = FileLock(self._path.parent / DRIVEN.format(run_id))
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise UsageError(
                f"the run {run_id} is going on in another process", next_step="wait for its end, or stop it there first"
            ) from error
        try:
            yield
        finally:
            with suppress(OSError):  # while it is held: filelock sees that a file is gone, and Windows keeps it
                Path(lock.lock_file).unlink()
            lock.release()

    def driven(self, run_id: str) -> bool:
        try:
            with self.driving(run_id):
                return False
        except UsageError:
            return True

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=60.0)) as connection, connection:
            connection.execute(TABLE)
            yield connection


def _read(told: str) -> Begun | None:
    try:
        return Begun.model_validate_json(told)
    except ValidationError:
        return None


def begun(opening: Opening, run_id: str) -> Begun:
    """The run of that id. Raises UsageError that names those which are kept; the index is not opened for it."""
    from rag.scan import check_folder

    check_folder(opening.folder)
    runs = BegunRuns(opening.location)
    try:
        kept = runs.all()
    except sqlite3.Error as error:
        raise UsageError(
            f"what was kept of the runs over {opening.folder} cannot be read: {error}", next_step="begin the run anew"
        ) from error
    for run in kept:
        if run.run_id == run_id:
            return run
    kept = [run for run in kept if not runs.driven(run.run_id)]
    nothing = f"there is no run {run_id!r} over {opening.folder} to go on with"
    if not kept:
        raise UsageError(
            f"{nothing}, nor any other: runs are kept with their folder, until they have ended",
            next_step=f'name the folder that it was begun over, or begin one: {opening.command("agent")} "task"',
        )
    raise UsageError(
        f"{nothing}; kept are {', '.join(map(str, kept[-MOST_SHOWN:]))}",
        next_step=f"{opening.command('agent')} --resume {kept[-1].run_id}",
    )
