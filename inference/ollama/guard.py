"""Runs a program for as long as its standard input stays open: `python -m inference.ollama.guard LOG PROGRAM …`.

Whoever starts it holds the other end. However that process ends, killed or crashed too, the end is closed with
it, and the program and all its children are stopped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from threading import Thread

import psutil

GRACE_S = 10.0
"""What a program gets to end by itself."""


def main(log: str, *command: str) -> int:
    with open(log, "ab") as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    Thread(target=_stop_at_end, args=(child.pid,), daemon=True).start()
    return child.wait()


def stop_tree(pid: int, grace_s: float = GRACE_S) -> None:
    """End a process and its children, first kindly."""
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for act in (psutil.Process.terminate, psutil.Process.kill):
        for process in family:
            try:
                act(process)
            except psutil.NoSuchProcess:
                continue
        _, family = psutil.wait_procs(family, timeout=grace_s)


def _stop_at_end(pid: int) -> None:
    # Not sys.stdin: a thread that waits inside its lock aborts the interpreter when the program ends by itself.
    while os.read(0, 1):
        pass
    stop_tree(pid)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
