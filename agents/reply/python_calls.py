"""Calls as Python writes them: search(query="tea"). Literals only; nothing is ever evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agents.reply.asked import Found, Known, from_order, made, spec_of
from agents.reply.literals import Reader
from agents.tools.call import Call

_HEAD = re.compile(r"\s*+([A-Za-z_][\w.-]*?)(?:\.call)?\(")
_KEYWORD = re.compile(r"\s*+([A-Za-z_]\w*)\s*+[=:]")


def python_call(text: str, at: int, known: Known) -> Found | None:
    """The call at `at`; without calls where it names no tool; ValueError where an argument is no literal (the word
    search(query) in a sentence)."""
    head = _HEAD.match(text, at)
    if head is None:
        return None
    spec = spec_of(head[1], known)
    values, named, end = _arguments(text, head.end())
    call: Call | None = None
    if spec is not None and len(values) == 1 and isinstance(values[0], Mapping) and not named:
        call = made(spec, values[0])
    elif spec is not None and (values or named or not any(p.required for p in spec.parameters)):
        call = from_order(spec, values, named)
    return Found(at, end, (call,) if call else ())


def _arguments(text: str, at: int) -> tuple[list[Any], dict[str, Any], int]:
    reader = Reader(text, at)
    values: list[Any] = []
    named: dict[str, Any] = {}
    more = not reader.closes(")")
    while more:
        if keyword := _KEYWORD.match(text, reader.at):
            reader.at = keyword.end()
            named[keyword[1]] = reader.value()
        elif named:
            raise ValueError("an argument without its name behind one with")
        else:
            values.append(reader.value())
        comma = reader.takes(",")
        more = not reader.closes(")")
        if more and not comma:
            raise ValueError("no comma")
    return values, named, reader.at
