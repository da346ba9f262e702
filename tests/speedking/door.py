"""Drives the command line as a person or a script does, and what it leaves behind."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from speedking.__main__ import run

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command returned and wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Stdout as the one JSON document that --json promises."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        assert document["schema_version"] == 1
        return document

    @property
    def error(self) -> dict[str, str]:
        """The JSON document of a failure."""
        error = self.document["error"]
        assert error.keys() == {"kind", "message", "next_step"}
        assert all(error.values())
        return dict(error)


@dataclass(frozen=True, slots=True)
class Library:
    """A folder of documents, and its index outside of it."""

    folder: Path
    index: Path

    @property
    def indexed(self) -> tuple[str, str, str]:
        """The arguments that name both."""
        return str(self.folder), "--index", str(self.index)


class Door:
    """`door("ask", folder, "question", "--json")` runs one command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Outcome:
        self._capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Outcome(code, *self._capsys.readouterr())


def in_process_of_its_own(
    *command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> Outcome:
    """`python` with these arguments, behind `before`."""
    done = subprocess.run(
        [*before, sys.executable, *map(str, command)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def records(path: Path, kind: str) -> list[dict[str, Any]]:
    """The data of a run file's lines of one kind."""
    lines = map(json.loads, path.read_text("utf-8").splitlines())
    return [line.get("data", line) for line in lines if line["kind"] == kind]


@contextmanager
def screen(typed: str = "") -> Iterator[list[str]]:
    """A terminal under stdin, stdout and stderr, on which a person has typed; afterwards the list holds what it was
    sent."""
    far, near = pty.openpty()
    os.write(far, typed.encode())
    sent: list[str] = []
    reading = Thread(target=lambda: sent.append(_all(far)))
    reading.start()
    with open(near, "w", encoding="utf-8") as shown, open(os.dup(near), encoding="utf-8") as keyboard:
        before, sys.stdin = sys.stdin, keyboard
        try:
            with redirect_stdout(shown), redirect_stderr(shown):
                yield sent
        finally:
            sys.stdin = before
    reading.join()
    os.close(far)


def _all(terminal: int) -> str:
    """What comes until the other end is closed, which is an error on Linux and an end elsewhere."""
    parts = []
    with suppress(OSError):
        while part := os.read(terminal, 1 << 16):
            parts.append(part)
    return b"".join(parts).decode()
