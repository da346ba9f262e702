"""Runs a program for as long as its standard input stays open: `python -m inference.ollama.guard LOG PROGRAM …`.

Whoever starts it holds the other end. However that process ends, killed or crashed too, the end is closed with it,
and the program and all its children are stopped; so they are where the program ends by itself and leaves some behind.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable
from threading import Event, Thread

import psutil

GRACE_S = 10.0
"""What a program gets to end by itself."""
LOOK_S = 0.25


def main(log: str, *command: str) -> int:
    with open(log, "ab") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    closed = Event()
    Thread(target=_read_to_end, args=(closed,), daemon=True).start()
    family = {psutil.Process(child.pid)}
    while child.poll() is None and not closed.wait(LOOK_S):
        family |= _children(child.pid)
    stop(family | _children(child.pid))
    return child.wait()


def stop(family: Iterable[psutil.Process], grace_s: float = GRACE_S) -> None:
    """End processes, first kindly."""
    alive = list(family)
    for act in (psutil.Process.terminate, psutil.Process.kill):
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                act(process)
        _, alive = psutil.wait_procs(alive, timeout=grace_s)


def _children(pid: int) -> set[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return set(psutil.Process(pid).children(recursive=True))
    return set()


def _read_to_end(closed: Event) -> None:
    # Not sys.stdin: a thread that waits inside its lock aborts the interpreter when the program ends by itself.
    while os.read(0, 1):
        pass
    closed.set()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
