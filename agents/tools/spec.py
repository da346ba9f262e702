"""Name, purpose and arguments of a tool, as a model is told them and as a call is held to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from agents.tools.call import Call

Kind = Literal["string", "integer", "number", "boolean", "integers", "any"]


def _text(value: Any) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError


def _integer(value: Any) -> int:
    """ "3" and 3.0 count as 3."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError
    return float(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if isinstance(value, bool):
        return value
    raise ValueError


def _integers(value: Any) -> list[int]:
    """One alone counts as a list of it; "[1], 2" as both."""
    if isinstance(value, str):
        value = [part for part in value.replace("[", " ").replace("]", " ").replace(",", " ").split()]
    return [_integer(item) for item in (value if isinstance(value, list | tuple) else [value])]


_READ: Mapping[str, tuple[Callable[[Any], Any], str]] = MappingProxyType(
    {
        "string": (_text, "text"),
        "integer": (_integer, "a whole number"),
        "number": (_number, "a number"),
        "boolean": (_boolean, "true or false"),
        "integers": (_integers, "a list of whole numbers"),
        "any": (lambda value: value, ""),
    }
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument. `schema` is its JSON schema where `kind` alone does not say it (a tool of others)."""

    name: str
    kind: Kind
    description: str
    required: bool = True
    schema: Mapping[str, Any] | None = None

    def checked(self, value: Any) -> Any:
        """The value in its type; ValueError where it cannot be read as that. "3" counts as an integer."""
        read, what = _READ[self.kind]
        try:
            return read(value)
        except ValueError as error:
            raise ValueError(f"{self.name} must be {what}") from error

    @property
    def json_schema(self) -> dict[str, Any]:
        if self.schema is not None:
            return dict(self.schema)
        if self.kind == "integers":
            return {"type": "array", "items": {"type": "integer"}, "description": self.description}
        return {"type": self.kind, "description": self.description}

    @property
    def told(self) -> str:
        """page: integer, optional"""
        kind = "list of integers" if self.kind == "integers" else self.kind
        return f"{self.name}: {kind}{'' if self.required else ', optional'}"


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """Name, purpose and arguments of a tool, as the model is told. One that is not `read_only` changes something in
    the world: it is carried out only where a person agrees to each call. One that does not `inform` brings nothing that
    an answer could rest on."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    read_only: bool = field(default=True, kw_only=True)
    informs: bool = field(default=True, kw_only=True)

    @property
    def usage(self) -> str:
        """One line for a model that called it wrongly: read(file: string, page: integer, optional)."""
        return f"{self.name}({', '.join(p.told for p in self.parameters)})"

    @property
    def schema(self) -> dict[str, Any]:
        """The form that LangChain's `bind_tools` takes (OpenAI's function schema)."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": {
                    "type": "object",
                    "properties": {p.name: p.json_schema for p in self.parameters},
                    "required": [p.name for p in self.parameters if p.required],
                },
            },
        }

    def checked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments in their types, unknown and null ones left out; ValueError says what is wrong."""
        given = {name: value for name, value in arguments.items() if value is not None}
        missing = [p.name for p in self.parameters if p.required and p.name not in given]
        if missing:
            raise ValueError(f"missing: {', '.join(missing)}")
        return {p.name: p.checked(given[p.name]) for p in self.parameters if p.name in given}


def checked(call: Call, specs: Mapping[str, ToolSpec]) -> Call:
    """The call with its arguments in their types. Raises KeyError for a tool that is not among the specs, and
    ValueError where the arguments are wrong."""
    return Call(call.name, specs[call.name].checked(call.arguments))


def usages(specs: Sequence[ToolSpec]) -> str:
    return "; ".join(spec.usage for spec in specs)
