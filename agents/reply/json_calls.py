"""Calls as JSON: one object, or a list of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agents.reply.asked import Found, Known, fits, made, spec_of
from agents.reply.literals import literal
from agents.reply.place import begins_line
from agents.tools.call import Call
from agents.tools.spec import ToolSpec

_NAME_KEYS = ("name", "function", "tool", "tool_name", "action")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "action_input", "with")
_BETWEEN = re.compile(
    r"(?::\d+)?(?:\s|:|`|\[ARGS\]|\[CALL_ID\]\w*|<｜tool▁sep｜>|<\|tool_sep\|>|<\|tool_call_argument_begin\|>"
    r"|<\|(?:channel|constrain|message)\|>|commentary|json)*+(?=\{)"
)
"""What stands between a name and its arguments in one or the other form."""
_NAMED = re.compile(r"\s*+([A-Za-z_][\w.-]*)")


def json_call(text: str, at: int, known: Known) -> Found | None:
    """The object or list at `at`, where it is a call or tries to be one; ValueError where it cannot be read."""
    value, end = literal(text, at)
    items = value if isinstance(value, list) else [value]
    calls: list[Call] = []
    tries = alone = False
    for item in _listed(items):
        call = _named(item, known)
        bare = _bare(item, known) if call is None and not _tries(item) else None
        calls += [found for found in (call or bare,) if found is not None]
        alone = alone or bare is not None
        tries = tries or (call is None and _tries(item))
    return Found(at, end, tuple(calls), alone=alone) if calls or tries else Found(at, end, (), alone=True)


def named_json_call(text: str, at: int, known: Known) -> Found | None:
    """A name, then an object: search {"query": …}, search[ARGS]{…}, functions.search <|message|>{…}. An object that
    names its tool itself is taken at its word. ValueError where the object cannot be read."""
    name = _NAMED.match(text, at)
    between = _BETWEEN.match(text, name.end()) if name else None
    if name is None or between is None:
        return None
    value, end = literal(text, between.end())
    if not isinstance(value, Mapping):
        return None
    spec = spec_of(name[1], known)
    if call := _named(value, known):
        return Found(at if begins_line(text, at) else between.end(), end, (call,))
    call = made(spec, value) if spec is not None and not _tries(value) else None
    return Found(at, end, (call,) if call else ())


def _listed(items: list[Any]) -> list[Mapping[str, Any]]:
    """The objects; those of a whole message, {"tool_calls": […]}, are taken out of it."""
    listed: list[Mapping[str, Any]] = []
    for item in items:
        inner = item.get("tool_calls") if isinstance(item, Mapping) else None
        listed += [i for i in (inner if isinstance(inner, list) else [item]) if isinstance(i, Mapping)]
    return listed


def _tries(value: Mapping[str, Any]) -> bool:
    if isinstance(value.get("function"), Mapping):
        return True
    return any(k in value for k in _NAME_KEYS) and any(k in value for k in _ARGUMENT_KEYS)


def _named(value: Mapping[str, Any], known: Known) -> Call | None:
    inner = value.get("function")
    value = inner if isinstance(inner, Mapping) else value
    key = next((k for k in _NAME_KEYS if spec_of(value.get(k), known)), None)
    spec = None if key is None else spec_of(value[key], known)
    if spec is None:
        return None
    given = next((k for k in _ARGUMENT_KEYS if k in value), None)
    if given is not None:
        return made(spec, value[given])
    return _beside({k: v for k, v in value.items() if k != key}, spec)


def _beside(value: Mapping[str, Any], spec: ToolSpec) -> Call | None:
    """Arguments beside the name: none of them the tool's, and it is somebody's data, {"name": "search", "size": 3}."""
    given = {p.name for p in spec.parameters} & set(value)
    return made(spec, value) if given else None


def _bare(value: Mapping[str, Any], known: Known) -> Call | None:
    fitting = [spec for spec in known.values() if fits(value, spec)]
    return made(fitting[0], value) if len(fitting) == 1 else None
