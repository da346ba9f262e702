"""Calls of tools out of text: pure, for known names only.

Small models write their calls in many forms, whatever their template taught them. Read here: JSON bare,
fenced or between <tool_call> or <tools> tags, several in a row; "function" for "name", "parameters" for
"arguments", arguments as a string of JSON or beside the name; the name before the object (`search
{"query": …}`); the arguments alone where they fit one tool only; doubled and unclosed braces; an argument
wrapped in its own schema. A schema echoed back is not a call.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.tools.call import Call
from agents.tools.spec import ToolSpec

_WRAPPING = re.compile(r"</?tool_calls?>|</?tools>|```[a-z_]*", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"(\w+)[\s:(`]*$")
_OPENS_LIKE_A_CALL = re.compile(r"\s*(<tools?\b|<tool_call|```(json|tool)|[{\[]\s*[{\"'])", re.IGNORECASE)
_DOUBLED = re.compile(r"{{\s*\"")  # never JSON, but what some templates show their model
_NAME_KEYS = ("name", "function", "tool")
_ARGUMENT_KEYS = ("arguments", "parameters", "args")
_UNFINISHED = re.compile(r"[{\[]\s*\"\w+\"\s*:.*", re.DOTALL)  # a further call, cut at the token limit


def _finite(text: str) -> float:
    """What Python reads as a number and JSON does not have (NaN, Infinity, 1e999) is refused."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number")
    return number


_DECODER = json.JSONDecoder(strict=False, parse_float=_finite, parse_constant=_finite)


@dataclass(frozen=True, slots=True)
class Reading:
    """`calls` in their order and the `text` beside them. `malformed`: the text tries to be a call and is
    none, so it is no answer either."""

    calls: tuple[Call, ...]
    text: str
    malformed: bool = False


def read(text: str, specs: Sequence[ToolSpec]) -> Reading:
    """The calls of known tools in a model's text."""
    if _DOUBLED.search(text):
        single = _read(text.replace("{{", "{").replace("}}", "}"), specs)
        if single.calls:
            return single
    return _read(text, specs)


def unwrapped(arguments: Mapping[str, Any], spec: ToolSpec) -> dict[str, Any]:
    """The tool's arguments out of the schema that they were wrapped in, {"query": {"type": …, "value": "x"}}
    or {"type": "object", "properties": {"query": "x"}, "required": …}; what is none of its arguments goes."""
    inner = arguments.get("properties")
    taken = inner if isinstance(inner, Mapping) else arguments
    names = {p.name for p in spec.parameters}
    return {name: _value(given) for name, given in taken.items() if name in names}


def is_plain(arguments: Mapping[str, Any]) -> bool:
    """Whether JSON can hold them: clients read NaN and Infinity too."""
    try:
        json.dumps(arguments, allow_nan=False)
    except ValueError:
        return False
    return True


def _value(given: Any) -> Any:
    return given["value"] if isinstance(given, Mapping) and "value" in given else given


def _read(text: str, specs: Sequence[ToolSpec]) -> Reading:
    calls: list[Call] = []
    beside: list[str] = []
    at, malformed = 0, bool(_OPENS_LIKE_A_CALL.match(text))
    for start, end, value in _objects(text):
        name = _NAME_BEFORE.search(text, at, start)
        call = _call(value, specs, name[1] if name else "")
        if call is None:
            malformed = malformed or _tries_to_call(value)
        else:
            calls.append(call)
            beside.append(text[at : name.start() if name and name[1] == call.name else start])
            at = end
    if not calls:
        return Reading((), text.strip(), malformed)
    rest = _UNFINISHED.sub("", _WRAPPING.sub("", "".join([*beside, text[at:]])))
    return Reading(tuple(calls), rest.strip(" \n{}[](),`"))


def _objects(text: str) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
    """Every outermost JSON object: where it starts, where it ends, what it is."""
    at = text.find("{")
    while at >= 0:
        value, end = _object(text, at)
        if value is not None:
            yield at, end, value
        at = text.find("{", end)


def _object(text: str, at: int) -> tuple[Mapping[str, Any] | None, int]:
    """The object that starts at `at`, and its end; (None, at + 1) where it cannot be read."""
    try:
        return _DECODER.raw_decode(text, at)
    except ValueError:
        rest = _WRAPPING.sub("", text[at:]).rstrip()
    for closing in ("}", "}}", '"}', '"}}'):
        try:
            return _DECODER.decode(rest + closing), len(text)
        except ValueError:
            continue
    return None, at + 1


def _tries_to_call(value: Mapping[str, Any]) -> bool:
    return any(k in value for k in _NAME_KEYS) and any(k in value for k in _ARGUMENT_KEYS)


def _call(value: Mapping[str, Any], specs: Sequence[ToolSpec], before: str) -> Call | None:
    """The call that an object is, or None. `before` is the word that stands in front of it."""
    inner = value.get("function")
    value = inner if isinstance(inner, Mapping) else value
    by_name = {spec.name: spec for spec in specs}
    key = next((k for k in _NAME_KEYS if value.get(k) in list(by_name)), None)
    if key is not None:
        beside = {k: v for k, v in value.items() if k not in _NAME_KEYS}
        return _made(by_name[value[key]], next((value[k] for k in _ARGUMENT_KEYS if k in value), beside))
    if before in by_name and not _tries_to_call(value):
        return _made(by_name[before], value)
    fitting = [spec for spec in specs if _fits(value, spec)]
    return _made(fitting[0], value) if len(fitting) == 1 else None


def _made(spec: ToolSpec, given: Any) -> Call | None:
    """A call whose arguments may still be wrong (the loop says then which are right); None for a schema."""
    if isinstance(given, str):
        try:
            given = _DECODER.decode(given)
        except ValueError:
            given = {}
    arguments = unwrapped(given, spec) if isinstance(given, Mapping) else {}
    is_schema = any(isinstance(v, Mapping) and "type" in v for v in arguments.values())
    return None if is_schema else Call(spec.name, arguments)


def _fits(value: Mapping[str, Any], spec: ToolSpec) -> bool:
    """Arguments alone: all the required ones and no strange ones."""
    required = {p.name for p in spec.parameters if p.required}
    return required <= set(value) <= {p.name for p in spec.parameters}
