"""OpenAI's chat completions as llama.cpp in this process and every server of `inference.openai` speak them: what a
piece of an answer holds, the calls of tools that come in pieces, and how an answer is held to a schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inference.arrivals import PieceKind
from inference.errors import ToolCallError

_UNREADABLE = re.compile(
    r"model produced output that does not match the expected"
    r"|Failed to parse input at pos \d+: (?P<rest>.*)"
    r"|Unexpected empty grammar stack after accepting piece: (?P<piece>.*) \(\d+\)",
    re.DOTALL,
)
"""llama.cpp's words on what the model wrote: its parser's, and its grammar's where the piece that begins a call goes on
with what no call can be. "Failed to parse tool call arguments" is about what we sent."""


def response_format(schema: str | Mapping[str, Any]) -> dict[str, Any]:
    """The field of a request from what goes with `format`, as Ollama takes it: "json" or a JSON schema."""
    if isinstance(schema, str):
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def thought(delta: Mapping[str, Any]) -> str:
    """The piece of thinking in a delta, or "": llama.cpp's name of it, or vLLM's present one. vLLM had the other before
    and for a time both."""
    return str(delta.get("reasoning_content") or delta.get("reasoning") or "")


def kinds(delta: Mapping[str, Any]) -> list[PieceKind]:
    """Of what a delta holds a piece; of nothing where it is a role or an empty text."""
    held: list[PieceKind] = ["answer"] if delta.get("content") else []
    if thought(delta):
        held.append("thinking")
    if delta.get("tool_calls"):
        held.append("call")
    return held


@dataclass(slots=True)
class WrittenCall:
    """A call of a tool as far as it has come."""

    name: str = ""
    arguments: str = ""

    @property
    def readable(self) -> bool:
        """LangChain would make of arguments that break off, or are no JSON, what it can, often none."""
        try:
            return isinstance(json.loads(self.arguments or "{}"), dict)
        except ValueError:
            return False

    @property
    def raw(self) -> str:
        return f'{{"name": {json.dumps(self.name)}, "arguments": {self.arguments}}}'


@dataclass(slots=True)
class WrittenCalls:
    """The calls of one answer by their place in it."""

    by_place: dict[int, WrittenCall] = field(default_factory=dict)

    def add(self, pieces: Iterable[Mapping[str, Any]]) -> None:
        """The `tool_calls` of a delta."""
        for piece in pieces:
            call, function = self.by_place.setdefault(piece.get("index", 0), WrittenCall()), piece.get("function") or {}
            call.name += function.get("name") or ""
            call.arguments += function.get("arguments") or ""

    def check(self, finish_reason: str | None) -> None:
        """Raise ToolCallError for a call whose arguments are no JSON object. One that was cut off by the limit of
        tokens is not the model's fault: its record says "length"."""
        broken = next((call for call in self.by_place.values() if not call.readable), None)
        if broken is not None and finish_reason != "length":
            raise ToolCallError(
                f"the model wrote a call of {broken.name!r} whose arguments are no JSON object: {broken.raw:.200}",
                raw=broken.raw,
            )


def unreadable_call(message: str, who: str) -> ToolCallError | None:
    """The error for words of llama.cpp's that are about what the model wrote; None for any others."""
    found = _UNREADABLE.search(message)
    if found is None:
        return None
    raw = found["rest"] or found["piece"] or ""
    return ToolCallError(f"the model wrote a tool call that {who} cannot read: {message}", raw=raw)
