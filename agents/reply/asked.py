"""What the forms have in common: a place in a text, the calls it holds, arguments as a tool takes them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from agents.reply.literals import MOST_DEPTH, whole, without_surrogates
from agents.tools.call import Call
from agents.tools.spec import Parameter, ToolSpec

Known: TypeAlias = Mapping[str, ToolSpec]
_LARGEST_BITS = 1_000  # Python refuses to write a number of some ten thousand
_SEVERAL = ("integers", "integer", "number", "boolean", "any")


@dataclass(frozen=True, slots=True)
class Found:
    """A place of a text (characters, end exclusive) that is a call, several, or tries to be one (`calls` empty).

    `marked`: it stands behind marks that no prose has, such as <tool_call>. `alone`: arguments without a name.
    """

    start: int
    end: int
    calls: tuple[Call, ...]
    marked: bool = False
    alone: bool = False


def spec_of(name: Any, known: Known) -> ToolSpec | None:
    """The tool of a name, also of functions.search, search:0 and "search<|channel|>commentary"."""
    if not isinstance(name, str):
        return None
    bare = name.partition("<")[0].strip().partition(":")[0]
    return known.get(name) or known.get(bare) or known.get(bare.rpartition(".")[2])


def made(spec: ToolSpec, given: Any) -> Call | None:
    """A call whose arguments may still be wrong (the loop says then which are right); None for a schema."""
    if isinstance(given, str):
        try:
            given = whole(given)
        except ValueError:
            given = {}
    if not isinstance(given, Mapping):
        given = {}
    if given.get("type") == "object" and given.get("properties") == {}:
        return None
    arguments = unwrapped(given, spec)
    is_schema = any(isinstance(v, Mapping) and "type" in v for v in arguments.values())
    return None if is_schema else Call(spec.name, plain(arguments) or {})


def unwrapped(arguments: Mapping[str, Any], spec: ToolSpec) -> dict[str, Any]:
    """The tool's arguments out of the schema that they were wrapped in, {"query": {"type": …, "value": "x"}}
    or {"type": "object", "properties": {"query": "x"}, "required": …}; what is none of its arguments goes."""
    inner = arguments.get("properties")
    taken = inner if isinstance(inner, Mapping) else arguments
    names = {p.name for p in spec.parameters}
    return {name: _value(given) for name, given in taken.items() if name in names}


def plain(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments as JSON can hold them; None where it cannot: clients read NaN and endless nesting too."""
    try:
        cleaned: dict[str, Any] = _plain(arguments, 0)
    except (ValueError, TypeError):
        return None
    return cleaned


def from_texts(spec: ToolSpec, texts: Mapping[str, str]) -> Call:
    """A call whose arguments all were written as bare text, between tags."""
    by_name = {p.name: p for p in spec.parameters}
    return Call(spec.name, {name: _typed(text, by_name[name]) for name, text in texts.items() if name in by_name})


def from_text(spec: ToolSpec, text: str) -> Call | None:
    """A call with one bare text, where the tool takes one argument only, or only one that it must have."""
    required = [p for p in spec.parameters if p.required]
    only = required if len(required) == 1 else list(spec.parameters)
    return from_texts(spec, {only[0].name: text}) if len(only) == 1 else None


def from_order(spec: ToolSpec, values: Sequence[Any], named: Mapping[str, Any]) -> Call | None:
    """A call as Python writes it; None where the arguments are not the tool's."""
    names = [p.name for p in spec.parameters]
    if len(values) > len(names) or any(name in named for name in names[: len(values)]):
        return None
    return made(spec, dict(zip(names, values, strict=False)) | dict(named))


def fits(value: Mapping[str, Any], spec: ToolSpec) -> bool:
    """Arguments alone: all the required ones and no strange ones."""
    required = {p.name for p in spec.parameters if p.required}
    return bool(value) and required <= set(value) <= {p.name for p in spec.parameters}


def _value(given: Any) -> Any:
    return given["value"] if isinstance(given, Mapping) and "value" in given else given


def _typed(text: str, parameter: Parameter) -> Any:
    """Text for a text; any other kind as the value that was written, where it is one."""
    is_text = parameter.schema is not None and parameter.schema.get("type") == "string"
    if parameter.kind not in _SEVERAL or is_text:
        return without_surrogates(text)
    try:
        return whole(text)
    except ValueError:
        return without_surrogates(text)


def _plain(value: Any, depth: int) -> Any:
    if depth > MOST_DEPTH:
        raise ValueError("too deep")
    if isinstance(value, str):
        return without_surrogates(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and value.bit_length() < _LARGEST_BITS:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {without_surrogates(key): _plain(item, depth + 1) for key, item in value.items()}
    raise ValueError(f"{type(value).__name__} is not JSON")
