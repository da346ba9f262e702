"""What a policy may call, and what comes back: calls, their specifications, observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from agents.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool, as the policy asked for it."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kind: Literal["string", "integer"]
    description: str
    required: bool = True

    def checked(self, value: Any) -> str | int:
        """The value in its type; ValueError where it cannot be read as that. "3" counts as an integer."""
        if self.kind == "string" and isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value)
        if self.kind == "integer" and not isinstance(value, bool):
            if isinstance(value, int):
                return value
            if isinstance(value, str) and value.strip().isdecimal():
                return int(value)
        raise ValueError(f"{self.name} must be {'text' if self.kind == 'string' else 'a whole number'}")


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """Name, purpose and arguments of a tool, as the model is told."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]

    @property
    def usage(self) -> str:
        """One line for a model that called it wrongly: read(file: string, page: integer, optional)."""
        told = [f"{p.name}: {p.kind}{'' if p.required else ', optional'}" for p in self.parameters]
        return f"{self.name}({', '.join(told)})"

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
                    "properties": {p.name: {"type": p.kind, "description": p.description} for p in self.parameters},
                    "required": [p.name for p in self.parameters if p.required],
                },
            },
        }

    def checked(self, arguments: Mapping[str, Any]) -> dict[str, str | int]:
        """The arguments in their types, unknown and null ones left out; ValueError says what is wrong."""
        given = {name: value for name, value in arguments.items() if value is not None}
        missing = [p.name for p in self.parameters if p.required and p.name not in given]
        if missing:
            raise ValueError(f"missing: {', '.join(missing)}")
        return {p.name: p.checked(given[p.name]) for p in self.parameters if p.name in given}


FINISH = ToolSpec(
    "finish",
    "Give the final answer. Call it alone, once the passages found answer the task.",
    (Parameter("answer", "string", "The answer, each claim with the number of its passage: [2]"),),
)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a call brought: the `text` the model reads, and the evidence with what was found added.

    `short` takes the place of `text` in the transcript when room is needed.
    """

    text: str
    evidence: Evidence
    short: str = "(left out to save room)"


class Tools(Protocol):
    """The tools of one run. `finish` is the loop's own: it is not among `specs`."""

    @property
    def specs(self) -> Sequence[ToolSpec]: ...

    def run(self, call: Call, evidence: Evidence) -> Observation:
        """Carry out a call whose name and arguments were checked. What it raises becomes an observation."""
        ...


def offered(tools: Tools) -> tuple[ToolSpec, ...]:
    """All that a policy may call."""
    return (*tools.specs, FINISH)


def usages(specs: Sequence[ToolSpec]) -> str:
    return "; ".join(spec.usage for spec in specs)
