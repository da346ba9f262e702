"""Tools held to a time and to a length: no call hangs a run, no observation fills the context."""

from __future__ import annotations

import contextvars
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from agents.evidence import Evidence
from agents.tools.call import Call, Observation
from agents.tools.spec import ToolSpec
from agents.tools.toolset import Tools

CountTokens = Callable[[str], int]
T = TypeVar("T")

LEFT_RUNNING = 4
"""Calls that did not return and are still at it; while there are so many, no further one is begun."""
_MUCH = 0.25
"""The share of an observation that is not given up for a line that does not fit as a whole."""
_CLOSING = "</passage>"
_NOTE = re.compile(r"\([^\n]{1,200}\)")


@dataclass(frozen=True, slots=True)
class Limited:
    """Any tools, each call with `seconds` to return and an observation of `tokens` at most.

    A call that is late is left alone in its thread, which a process does not wait for, and its result is dropped:
    whatever it may still do must be harmless, so a tool that is not read-only should have a limit of its own.
    Raises TimeoutError, naming the tool and the seconds.
    """

    tools: Tools
    seconds: float = field(kw_only=True)
    tokens: int = field(kw_only=True)
    count_tokens: CountTokens = field(kw_only=True)
    _late: list[threading.Thread] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return self.tools.specs

    def run(self, call: Call, evidence: Evidence) -> Observation:
        self._late[:] = [thread for thread in self._late if thread.is_alive()]
        if len(self._late) >= LEFT_RUNNING:
            raise TimeoutError(f"{call.name} was not begun: {len(self._late)} calls before it are still running")
        work = _Work(lambda: self.tools.run(call, evidence), call.name)
        if not work.done(self.seconds):
            self._late.append(work.thread)
            raise TimeoutError(f"{call.name} did not return within {self.seconds:g} s")
        seen = work.result()
        text = cut(seen.text, self.tokens, self.count_tokens)
        return seen if text == seen.text else replace(seen, text=text)


class _Work(Generic[T]):
    """A function in a thread of its own, begun at once, with the context variables of its caller."""

    def __init__(self, function: Callable[[], T], name: str) -> None:
        self._function = function
        self._results: list[T] = []
        self._error: BaseException | None = None
        context = contextvars.copy_context()
        self.thread = threading.Thread(target=context.run, args=(self._run,), name=f"tool {name}", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._function())
        except BaseException as error:  # told to the caller, an interrupt too
            self._error = error

    def done(self, seconds: float) -> bool:
        self.thread.join(seconds)
        return not self.thread.is_alive()

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._results[0]


def cut(text: str, tokens: int, count_tokens: CountTokens) -> str:
    """The first lines that fit with a note of how many are left out; a passage that is cut is closed again.

    No token is shorter than a byte, so a short text is not counted. The note and the closing tag go on top.
    """
    if len(text.encode("utf-8", "replace")) <= tokens or count_tokens(text) <= tokens:
        return text
    lines = text.splitlines(keepends=True)
    kept = _most(len(lines) - 1, lambda count: count_tokens("".join(lines[:count])) <= tokens)
    head = "".join(lines[:kept]).rstrip("\n")
    left_tokens = tokens - count_tokens(head)
    if left_tokens > tokens * _MUCH:  # a long line: of an object on one line it would be all
        head = "".join([*lines[:kept], _part(lines[kept], left_tokens, count_tokens)])
    if head.count("<passage>") > head.count(_CLOSING):
        head += f"\n{_CLOSING}"
    left = len(lines) - kept
    note = f"({left} line{'' if left == 1 else 's'} left out here: ask for less at a time)"
    return "\n".join(filter(None, [head, note, _own_note(lines[-1])]))


def _own_note(line: str) -> str:
    """The last line, where it is what the tool says of the rest: how to go on."""
    return line if _NOTE.fullmatch(line) else ""


def _part(line: str, tokens: int, count_tokens: CountTokens) -> str:
    """The beginning of a line that does not fit."""
    return line[: _most(len(line) - 1, lambda count: count_tokens(line[:count]) <= tokens)].rstrip() + " …"


def _most(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits, where each below it does too; 0 where none does."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if fits(middle) else (least, middle - 1)
    return least
