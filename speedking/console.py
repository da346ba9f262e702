"""The terminal: what is data goes to stdout, everything else to stderr; nothing from a document may steer it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.status import Status

SCHEMA_VERSION = 1

# C0 and C1 controls but tab and newline, and the marks that turn the direction of text around.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Text of a document, a model or a file's name without what a terminal would obey."""
    return _CONTROL.sub("", text)


class Terminal:
    """Where a command writes. `json_mode`: stdout carries one JSON document and nothing else. `aside`: what would
    be a result goes to stderr, since it is not the last word."""

    def __init__(self, *, json_mode: bool = False, aside: bool = False) -> None:
        self.json_mode = json_mode
        self._aside = aside
        self._noted: set[str] = set()
        self._status: Status | None = None

    @cached_property
    def out(self) -> Console:
        return self.err if self._aside else _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        return _console(sys.stderr)

    @property
    def interactive(self) -> bool:
        """A person can be asked."""
        return not self.json_mode and sys.stdin.isatty() and sys.stderr.isatty()

    def style(self, style: str) -> str:
        """The style on a terminal; none where output is piped."""
        return style if self.out.is_terminal else ""

    def show(self, renderable: RenderableType = "") -> None:
        """A result for the person; silent in JSON mode. A Text is cleaned by whoever made it."""
        if not self.json_mode:
            shown = clean(renderable) if isinstance(renderable, str) else renderable
            self.out.print(shown, soft_wrap=not self.out.is_terminal)

    def quote(self, text: str) -> None:
        """A verbatim piece of a document below what says where it stands, indented on every line of a terminal."""
        from rich.padding import Padding
        from rich.text import Text

        if self.out.is_terminal:
            self.show(Padding(Text(clean(text)), (0, 0, 0, 4), expand=False))
        else:
            self.show(Text(f"    {clean(text)}"))

    def note(self, text: str) -> None:
        """A remark beside the result."""
        self.err.print(clean(text), style="dim", soft_wrap=True)

    def note_once(self, text: str) -> None:
        """A remark that holds for the rest of the command."""
        if text not in self._noted:
            self._noted.add(text)
            self.note(text)

    def agreed(self, question: str, *, default: bool) -> bool:
        """Asks the person; an empty line is the default, and so is the end of the input."""
        choices = "[Y/n]" if default else "[y/N]"
        with self._still():
            try:
                said = self.err.input(f"{clean(question)} {choices} ", markup=False, emoji=False).strip().lower()
            except EOFError:
                said = ""
        return said.startswith("y") or (default and not said.startswith("n"))

    def fail(self, message: str, next_step: str) -> None:
        """What went wrong, for a person."""
        self.err.print(clean(message), style="red", soft_wrap=True)
        self.err.print(f"next: {clean(next_step)}", soft_wrap=True)

    @contextmanager
    def waiting(self, text: str) -> Iterator[Callable[[], None]]:
        """A sign of life on a terminal while something takes its time; the callable ends it early."""
        if self.json_mode or not self.err.is_terminal:
            yield lambda: None
            return
        with self.err.status(text) as self._status:
            try:
                yield self._stop_waiting
            finally:
                self._status = None

    def _stop_waiting(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    @contextmanager
    def _still(self) -> Iterator[None]:
        """A sign of life is drawn again and again: it would wipe the line of a question."""
        status = self._status
        if status is None:
            yield
            return
        status.stop()
        try:
            yield
        finally:
            status.start()

    def json(self, document: dict[str, Any]) -> None:
        """The one document on stdout."""
        sys.stdout.write(json.dumps({"schema_version": SCHEMA_VERSION, **document}, ensure_ascii=True) + "\n")
        sys.stdout.flush()


def link(folder: Path, file: str, page: int | None) -> str:
    """A file link for a terminal that follows them; PDF viewers honour #page=N."""
    return (folder / file).as_uri() + (f"#page={page}" if page is not None else "")


def place(file: str, page: int | None) -> str:
    """How a place is named to a person, on one line: a file's name may hold a newline."""
    name = " ".join(clean(file).split())
    return name if page is None else f"{name}, page {page}"


def counted(number: int, noun: str) -> str:
    """ "1 file", "2 files": for nouns that take an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _console(stream: Any) -> Console:
    from rich.console import Console

    # Of the text nothing is markup. Piped output is plain, whatever FORCE_COLOR says, and never wrapped: other
    # programs read it line by line.
    piped: dict[str, Any] = {} if stream.isatty() else {"width": 10_000, "no_color": True, "force_terminal": False}
    return Console(file=stream, markup=False, highlight=False, emoji=False, **piped)
