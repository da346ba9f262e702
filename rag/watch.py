"""Waiting for a folder to change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

CALM_MS = 1_600
"""Changes closer together than this are one: a program that saves a file writes it more than once."""
WAKE_MS = 500


def watch(folder: Path, *, stop: Event | None = None) -> Iterator[None]:
    """Yields once as soon as it watches, then each time that something below the folder was written, renamed or
    removed, until `stop` is set: whoever syncs at each misses nothing that happens during a sync.

    What a link leads to is not watched, nor are some network drives: a sync finds those changes, this does not.
    """
    from watchfiles import watch as changes

    begun = False
    for found in changes(
        folder, watch_filter=None, debounce=CALM_MS, stop_event=stop, yield_on_timeout=True, rust_timeout=WAKE_MS
    ):
        if found or not begun:
            begun = True
            yield
