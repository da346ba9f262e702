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
    seen = family(child.pid)
    try:
        while child.poll() is None and not closed.wait(LOOK_S):
            seen |= family(child.pid)
    finally:
        stop(seen | family(child.pid))
    return child.wait()


def stop(processes: Iterable[psutil.Process], grace_s: float = GRACE_S) -> None:
    """End processes, first kindly."""
    alive = list(processes)
    for act in (psutil.Process.terminate, psutil.Process.kill):
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                act(process)
        _, alive = psutil.wait_procs(alive, timeout=grace_s)


def family(pid: int) -> set[psutil.Process]:
    """A process and all below it; empty where it has gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        return {top, *top.children(recursive=True)}
    return set()


def _read_to_end(closed: Event) -> None:
    # Not sys.stdin: a thread that waits inside its lock aborts the interpreter when the program ends by itself.
    while os.read(0, 1):
        pass
    closed.set()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
