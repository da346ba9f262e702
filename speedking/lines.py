"""What a person types, line by line: edited and remembered on a terminal, plainly read from a pipe."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from speedking.console import Terminal, clean

PROMPT = "> "
REMEMBERED = 1_000


def lines(terminal: Terminal, history: Path) -> Iterator[str]:
    """Until the input ends (Ctrl-D). Ctrl-C gives up a line, no more. From a pipe each line is shown as it is read,
    so that what comes out can be followed."""
    if not sys.stdin.isatty():
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")  # a line in another encoding is no reason to end
        for line in sys.stdin:
            terminal.show(f"{PROMPT}{clean(line.rstrip())}")
            yield line.strip()
        return
    with _remembered(history):
        while True:
            try:
                yield input(PROMPT).strip()
            except KeyboardInterrupt:
                print()
            except EOFError:
                print()
                return


@contextmanager
def _remembered(history: Path) -> Iterator[None]:
    """Arrow keys and the questions of earlier runs, where Python has readline (it has not on Windows)."""
    try:
        import readline
    except ImportError:
        yield
        return
    readline.clear_history()
    with suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(REMEMBERED)
    try:
        yield
    finally:
        with suppress(OSError):
            readline.write_history_file(history)
