"""One writer at a time: a lock of the operating system, which is free again when its holder dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.errors import IndexBusyError

OnWait = Callable[[str], None]

LOCK_FILE = "write.lock"
WAIT_S = 3600.0


@contextmanager
def write_lock(location: Path, on_wait: OnWait | None = None, *, wait: bool = True) -> Iterator[None]:
    """Holds the lock of the index at `location`. `on_wait` is told when another process has it.

    Raises IndexBusyError after WAIT_S, or at once where `wait` is False.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(location / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        if not wait:
            raise IndexBusyError(
                f"another process is writing the index {location}",
                next_step="wait for it to finish, or leave out --no-wait; it can be searched meanwhile",
            ) from error
        if on_wait is not None:
            on_wait("another process is writing this index: waiting for it to finish")
        try:
            lock.acquire(timeout=WAIT_S)
        except Timeout as late:
            raise IndexBusyError(
                f"another process is still writing {location} after {WAIT_S:,.0f} s",
                next_step="end it, or name another place with --index",
            ) from late
    try:
        yield
    finally:
        lock.release()
