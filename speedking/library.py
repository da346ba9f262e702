"""Opening a folder's index for a command: the sync before it, its progress, and the question before a long one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import FolderError
from speedking.console import Terminal

if TYPE_CHECKING:
    from rag import Index, SyncReport
    from rag.sync import Progress

ASK_ABOVE_S = 60.0
SHOW_AFTER_S = 2.0
TELL_EVERY_S = 30.0
"""Without a terminal a line now and then takes the place of the bar."""


class Cancelled(Exception):
    """The person said no; what is stored stays."""


@contextmanager
def opened(folder: Path, index: Path | None) -> Iterator[Index]:
    from rag import Index

    with Index.open(folder, index=index) as library:
        yield library


def sync(library: Index, terminal: Terminal, *, ask: bool) -> SyncReport:
    """Syncs and shows how far it is.

    `ask`: on a terminal, when the time left is more than a minute, the person is asked once; elsewhere the
    estimate is printed and the sync goes on. The estimate comes from the first passages embedded on this machine.
    """
    with _Meter(terminal, ask=ask) as meter:
        return library.sync(meter.progress, terminal.note)


def synced(library: Index, terminal: Terminal, *, no_sync: bool, yes: bool) -> SyncReport | None:
    """What ask, search and agent do first. Bad files are counted in one line, never fatal."""
    if no_sync:
        if not library.passages:
            raise FolderError(
                f"{library.folder} has no index yet", next_step="leave out --no-sync, or run `speedking index` first"
            )
        if stale := library.stale_files():
            terminal.note(f"{stale} files changed since the last sync: answering from the index as it is")
        return None
    report = sync(library, terminal, ask=not yes)
    readable = [file for file in report.files if file.outcome in ("indexed", "partial")]
    if not readable:
        reasons = "; ".join(f"{file.path}: {file.reason}" for file in report.files[:3])
        raise FolderError(
            f"none of the {len(report.files)} files in {library.folder} could be read ({reasons})",
            next_step=f"see why: speedking status {library.folder}",
        )
    unread = [file for file in report.files if file.outcome not in ("indexed", "partial", "ignored")]
    if report.added and unread:
        terminal.note(f"{len(unread)} of {len(report.files)} files were not read: speedking status {library.folder}")
    return report


class _Meter:
    """A bar with the time left, once there is something to wait for."""

    def __init__(self, terminal: Terminal, *, ask: bool) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._terminal = terminal
        self._ask = ask
        self._began = time.monotonic()
        self._first: tuple[float, float] | None = None
        self._estimated = False
        self._told = self._began
        self._bar = Progress(
            TextColumn("reading"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[files]}"),
            TimeRemainingColumn(),
            console=terminal.err,
            transient=True,
        )
        self._task = self._bar.add_task("", total=1.0, files="")

    def __enter__(self) -> _Meter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar.live.is_started:
            self._bar.stop()

    def progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if self._first is None:
            # What came before (waiting for another process, starting workers, loading the encoder) is no measure.
            self._first = now, progress.share
            return
        began, share = self._first
        gained = progress.share - share
        if now - self._began < SHOW_AFTER_S or gained <= 0:
            return
        left = (now - began) * (1 - progress.share) / gained
        if not self._estimated and now - began >= SHOW_AFTER_S:
            self._estimated = True
            self._consider(left)
        if not self._terminal.err.is_terminal and now - self._told > TELL_EVERY_S:
            self._told = now
            self._terminal.note(f"{progress.share:.0%} read, about {_duration(left)} left")
        if self._terminal.err.is_terminal:
            self._bar.start()
            self._bar.update(
                self._task, completed=progress.share, files=f"{progress.files} of {progress.total_files} files"
            )

    def _consider(self, left: float) -> None:
        if left <= ASK_ABOVE_S:
            return
        estimate = f"the first reading of this folder will take about {_duration(left)}; later only changes are read"
        if not (self._ask and self._terminal.interactive):
            self._terminal.note(estimate)
            return
        self._terminal.note(estimate)
        if self._terminal.err.input("go on? [Y/n] ").strip().lower() in ("n", "no"):
            raise Cancelled("stopped; what was read stays, the next run goes on from here")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
