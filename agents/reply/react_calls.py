"""Calls as ReAct's prompt has them: a line "Action: search", a line "Action Input: …"."""

from __future__ import annotations

import re

from agents.reply.asked import Found, Known, from_text, made, spec_of
from agents.reply.literals import literal
from agents.reply.python_calls import python_call
from agents.tools.spec import ToolSpec

ACTION = r"^[ \t*]*Action[ \t*]*:[ \t*]*(?=[`\w])"
_ACTION = re.compile(ACTION, re.MULTILINE)
_NAME = re.compile(r"`?([A-Za-z_][\w.-]*)`?[ \t*]*(?=\n|\[|\(|\Z)")
_INPUT = re.compile(r"\s*+\*{0,2}Action Input[ \t*]*:[ \t*]*")
_BRACKETED = re.compile(r"\[([^\]\n]*)\][ \t]*(?=\n|\Z)")
_LINE = re.compile(r"[^\n]*")
_FINAL = re.compile(r"^[ \t*#]*Final Answer[ \t*]*:[ \t*]*", re.MULTILINE | re.IGNORECASE)


def react_call(text: str, at: int, known: Known) -> Found | None:
    """Its input is an object, or the one text that the tool takes; without calls where it tries to be one."""
    action = _ACTION.match(text, at)
    name = _NAME.match(text, action.end()) if action else None
    if action is None or name is None:
        return None
    spec = spec_of(name[1], known)
    if text.startswith("(", name.end()):
        found = python_call(text, action.end(), known)
        return None if found is None else Found(at, found.end, found.calls, marked=True)
    if bracketed := _BRACKETED.match(text, name.end()):
        return _with_text(at, bracketed.end(), spec, bracketed[1])
    given = _INPUT.match(text, name.end())
    if given is None:
        return Found(at, name.end(), (), marked=True)
    if text.startswith("{", given.end()):
        value, end = literal(text, given.end())
        call = made(spec, value) if spec else None
        return Found(at, end, (call,) if call else (), marked=True)
    line = _LINE.match(text, given.end())
    assert line is not None
    return _with_text(at, line.end(), spec, line[0])


def _with_text(start: int, end: int, spec: ToolSpec | None, text: str) -> Found:
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`"
    call = from_text(spec, text[1:-1] if quoted else text) if spec and text else None
    return Found(start, end, (call,) if call else (), marked=True)


def final_answer(text: str) -> str:
    """The answer of a turn in ReAct's form, without its label and what led to it; any other text as it is."""
    return _FINAL.split(text)[-1].strip() or text
