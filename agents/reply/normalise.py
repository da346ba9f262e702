"""What a model's message says: thought, calls or an answer, in whatever form it was written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.tool import tool_call

from agents.reply.written import Reading, is_plain, read, unwrapped
from agents.tools.call import Call
from agents.tools.spec import ToolSpec

FORCED = "speedking_forced"
"""In `additional_kwargs` of a message whose call was prepared, not the model's."""

_THINKING = re.compile(r"<think>(.*?)(?:</think>|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """A message read. `thought` is all that it says beside its calls, thinking first, and `text` that without
    the thinking. `message` is what goes into the transcript: its calls are tool calls with ids."""

    message: AIMessage
    thought: str
    text: str
    calls: tuple[Call, ...]
    repaired: bool
    malformed: bool

    @property
    def forced(self) -> bool:
        return bool(self.message.additional_kwargs.get(FORCED))

    @property
    def call_ids(self) -> tuple[str, ...]:
        return tuple(str(call["id"]) for call in self.message.tool_calls)


def normalise(message: AIMessage, specs: Sequence[ToolSpec], cycle: int) -> Reply:
    """Ids that are missing become `call-CYCLE-N`, so that equal runs have equal transcripts."""
    written = message.text
    text = _THINKING.sub("", written).strip()
    reasoning = str(message.additional_kwargs.get("reasoning_content") or "")
    thinking = [reasoning, *_THINKING.findall(written)]
    if message.tool_calls or message.invalid_tool_calls:
        given = [*_parsed(message), *_unparsed(message)]
        by_name = {spec.name: spec for spec in specs}
        calls = tuple(
            Call(name, unwrapped(arguments, by_name[name]) if name in by_name else arguments)
            for name, arguments, _ in given
        )
        ids = [call_id for _, _, call_id in given]
        changed = any(dict(c.arguments) != a for c, (_, a, _) in zip(calls, given, strict=True))
        reading, repaired = Reading(calls, text), changed
    else:
        reading = read(text, specs)
        ids, repaired = [None] * len(reading.calls), bool(reading.calls)
    thought = "\n".join(part.strip() for part in (*thinking, reading.text) if part.strip())
    kept = _transcribed(message, reading, ids, cycle)
    return Reply(kept, thought, reading.text, reading.calls, repaired, reading.malformed)


Given = tuple[str, Mapping[str, Any], str | None]


def _parsed(message: AIMessage) -> list[Given]:
    """Arguments that JSON cannot hold are as good as none."""
    return [(call["name"], call["args"] if is_plain(call["args"]) else {}, call["id"]) for call in message.tool_calls]


def _unparsed(message: AIMessage) -> list[Given]:
    """Calls whose arguments the client could not parse: without any, so that the model is told."""
    return [(call["name"] or "", {}, call["id"]) for call in message.invalid_tool_calls]


def _transcribed(message: AIMessage, reading: Reading, ids: Sequence[str | None], cycle: int) -> AIMessage:
    if not reading.calls:
        return message
    calls = [
        tool_call(name=call.name, args=dict(call.arguments), id=call_id or f"call-{cycle}-{n}")
        for n, (call, call_id) in enumerate(zip(reading.calls, ids, strict=True), 1)
    ]
    content = message.content if message.tool_calls else reading.text
    return message.model_copy(update={"content": content, "tool_calls": calls, "invalid_tool_calls": []})
