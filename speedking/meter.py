"""How far a sync is, and the question before a long one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from speedking.console import Terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from rag.sync import Progress

ASK_ABOVE_S = 60.0
SHOW_AFTER_S = 2.0
TELL_EVERY_S = 30.0
"""Without a terminal a line now and then takes the place of the bar."""

_DOING = {"read": "reading", "embed": "embedding"}


class Cancelled(Exception):
    """The person said no; the message says how things stand now."""


class Meter:
    """A bar with the time left, once there is something to wait for."""

    def __init__(self, terminal: Terminal, *, ask: bool) -> None:
        self._terminal = terminal
        self._ask = ask
        self._began = time.monotonic()
        self._stage = ""
        self._first: tuple[float, float] | None = None
        self._estimated = False
        self._told = self._began
        self._bar: Bar | None = None

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, *_: object) -> None:
        self._hide()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The bar gives way to something else, whose time is no measure of the rest."""
        self._hide()
        yield
        self._began, self._first = time.monotonic(), None

    def progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage != self._stage:
            # To read takes another time than to embed.
            self._stage, self._first, self._estimated = progress.stage, None, False
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
            self._consider(left, _DOING[progress.stage])
        if not self._terminal.err.is_terminal and now - self._told > TELL_EVERY_S:
            self._told = now
            self._terminal.note(f"{_DOING[progress.stage]}: {progress.share:.0%}, about {_duration(left)} left")
        if self._terminal.err.is_terminal:
            self._draw(progress)

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = _bar(self._terminal)
        self._bar.start()
        files = f"{progress.files} of {progress.total_files} files"
        self._bar.update(
            self._bar.task_ids[0], completed=progress.share, description=_DOING[progress.stage], files=files
        )

    def _hide(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _consider(self, left: float, doing: str) -> None:
        if left <= ASK_ABOVE_S:
            return
        self._terminal.note(f"{doing} this folder will take about {_duration(left)}; later only changes are read")
        if not (self._ask and self._terminal.interactive):
            return
        self._ask = False
        self._hide()
        if not self._terminal.agreed("go on?", default=True):
            raise Cancelled("what was stored stays, the next run goes on from there")


def _bar(terminal: Terminal) -> Bar:
    """Built when it is first shown: most syncs end before."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[files]}"),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=terminal.err, transient=True)
    bar.add_task("", total=1.0, files="")
    return bar


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
