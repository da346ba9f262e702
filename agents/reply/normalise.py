"""What a model's message says: thought, calls or an answer, in whatever form it was written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.tool import tool_call

from agents.reply.asked import plain, unwrapped
from agents.reply.literals import whole_characters, without_surrogates
from agents.reply.written import Reading, read
from agents.tools.call import Call
from agents.tools.spec import ToolSpec

FORCED = "speedking_forced"
"""In `additional_kwargs` of a message whose call was prepared, not the model's."""
WRITTEN = "speedking_written"
"""In `additional_kwargs` of a message whose calls stood in its text: that text, so that a transcript in plain text can
show the model its own words, and its prefix cache holds."""

_THINKING = re.compile(
    r"<think(?:ing)?>(.*?)(?:</think(?:ing)?>|\Z)|<\|channel\|>analysis<\|message\|>(.*?)(?:<\|end\|>|<\|start\|>assistant|\Z)",
    re.DOTALL,
)
_OPENED_BY_TEMPLATE = re.compile(r"\A(?:(?!<think).)*?</think(?:ing)?>", re.DOTALL)
"""Some templates write the opening mark themselves, into the prompt."""
_FINAL = re.compile(r"<\|(?:start|end|return|message)\|>(?:assistant)?|<\|channel\|>final")


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
    """Pure, and raises nothing whatever a message holds. A call inside thinking is none. No text of the result holds
    half a character. Ids that are missing or stand twice become `call-CYCLE-N`, so that equal runs have equal
    transcripts."""
    message = message.model_copy(
        update={
            "content": whole_characters(message.content),
            "additional_kwargs": whole_characters(message.additional_kwargs),
        }
    )
    thinking, text = _apart(message)
    if message.tool_calls or message.invalid_tool_calls:
        given = [*_parsed(message), *_unparsed(message)]
        calls = tuple(_called(name, arguments, specs) for name, arguments, _ in given)
        ids = [call_id for _, _, call_id in given]
        repaired = any(dict(call.arguments) != was for call, (_, was, _) in zip(calls, given, strict=True))
        reading = Reading(calls, text)
    else:
        reading = read(text, specs)
        ids, repaired = [None] * len(reading.calls), bool(reading.calls)
    thought = "\n".join(part.strip() for part in (*thinking, reading.text) if part.strip())
    kept = _transcribed(message, reading, ids, cycle)
    return Reply(kept, thought, reading.text, reading.calls, repaired, reading.malformed)


def _apart(message: AIMessage) -> tuple[list[str], str]:
    """The pieces of thinking, and the text without them."""
    written = without_surrogates(message.text)
    thinking = [without_surrogates(str(message.additional_kwargs.get("reasoning_content") or ""))]
    if opened := _OPENED_BY_TEMPLATE.match(written):
        thinking.append(opened[0].rpartition("</")[0])
        written = written[opened.end() :]
    thinking += [first or second for first, second in _THINKING.findall(written)]
    text = _THINKING.sub("", written).strip()
    if "<|channel|>final" in text:
        text = _FINAL.sub("", text).strip()
    return thinking, text


Given = tuple[str, Mapping[str, Any], str | None]


def _called(name: str, arguments: Mapping[str, Any], specs: Sequence[ToolSpec]) -> Call:
    spec = next((spec for spec in specs if spec.name == name), None)
    return Call(name, arguments if spec is None else unwrapped(arguments, spec))


def _parsed(message: AIMessage) -> list[Given]:
    """Arguments that JSON cannot hold are as good as none."""
    return [(without_surrogates(call["name"]), plain(call["args"]) or {}, call["id"]) for call in message.tool_calls]


def _unparsed(message: AIMessage) -> list[Given]:
    """Calls whose arguments the client could not parse: without any, so that the model is told."""
    return [(without_surrogates(call["name"] or ""), {}, call["id"]) for call in message.invalid_tool_calls]


def _transcribed(message: AIMessage, reading: Reading, ids: Sequence[str | None], cycle: int) -> AIMessage:
    if not reading.calls:
        return message
    taken: set[str] = set()
    calls = []
    for number, (call, given) in enumerate(zip(reading.calls, ids, strict=True), 1):
        call_id = given if given and given not in taken else f"call-{cycle}-{number}"
        taken.add(call_id)
        calls.append(tool_call(name=call.name, args=dict(call.arguments), id=call_id))
    changes: dict[str, Any] = {"tool_calls": calls, "invalid_tool_calls": []}
    if not message.tool_calls and not message.invalid_tool_calls:
        marks = {WRITTEN: without_surrogates(message.text), **message.additional_kwargs}
        changes |= {"content": reading.text, "additional_kwargs": marks}
    return message.model_copy(update=changes)
