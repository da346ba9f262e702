"""What a model's message says: thought, calls or an answer, in whatever form it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.tool import tool_call

from agents.reply.asked import Known, plain, spec_of, unwrapped
from agents.reply.literals import whole, whole_characters, without_surrogates
from agents.reply.thinking import apart, told_apart
from agents.reply.written import Reading, read
from agents.tools.call import Call
from agents.tools.spec import ToolSpec

FORCED = "speedking_forced"
"""In `additional_kwargs` of a message whose call was prepared, not the model's."""
WRITTEN = "speedking_written"
"""In `additional_kwargs` of a message whose calls stood in its text: that text, so that a transcript in plain text can
show the model its own words, and its prefix cache holds."""


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
        known = {spec.name: spec for spec in specs}
        calls = tuple(_called(one, known) for one in given)
        ids = [one.call_id for one in given]
        pairs = zip(calls, given, strict=True)
        repaired = any(one.mended or _changed(call, one) for call, one in pairs)
        reading = Reading(calls, text)
    else:
        reading = read(text, specs)
        ids, repaired = [None] * len(reading.calls), bool(reading.calls)
    thought = "\n".join(part.strip() for part in (*thinking, reading.text) if part.strip())
    kept = _transcribed(message, reading, ids, cycle)
    return Reply(kept, thought, reading.text, reading.calls, repaired, reading.malformed)


def _apart(message: AIMessage) -> tuple[list[str], str]:
    """The pieces of thinking, and the text without them. A message that was read before has its thinking in what was
    written."""
    spoken = apart(without_surrogates(message.text))
    written = message.additional_kwargs.get(WRITTEN)
    inner = apart(written).thinking if isinstance(written, str) else spoken.thinking
    return [*told_apart(message.additional_kwargs, message.content), *inner], spoken.text


@dataclass(frozen=True, slots=True)
class _Given:
    """A call as the client gave it; `mended`: it could not parse the arguments, and they can be read."""

    name: str
    arguments: Mapping[str, Any]
    call_id: str | None
    mended: bool = False


def _called(given: _Given, known: Known) -> Call:
    spec = spec_of(given.name, known)
    return Call(given.name, given.arguments) if spec is None else Call(spec.name, unwrapped(given.arguments, spec))


def _changed(call: Call, given: _Given) -> bool:
    """Whether an argument had to be unwrapped. One that the tool does not have is left out, which is no repair: the
    call itself was right."""
    return any(name not in given.arguments or given.arguments[name] != value for name, value in call.arguments.items())


def _parsed(message: AIMessage) -> list[_Given]:
    """Arguments that JSON cannot hold are as good as none."""
    return [
        _Given(without_surrogates(call["name"]), plain(call["args"]) or {}, call["id"]) for call in message.tool_calls
    ]


def _unparsed(message: AIMessage) -> list[_Given]:
    """Calls whose arguments the client could not parse: with those that can be read in spite of that, else without
    any, so that the model is told."""
    calls: list[_Given] = []
    for call in message.invalid_tool_calls:
        arguments = _read_again(call["args"] or "")
        calls.append(_Given(without_surrogates(call["name"] or ""), arguments, call["id"], bool(arguments)))
    return calls


def _read_again(arguments: str) -> Mapping[str, Any]:
    try:
        value = whole(arguments)
    except ValueError:
        return {}
    return (plain(value) or {}) if isinstance(value, Mapping) else {}


def _transcribed(message: AIMessage, reading: Reading, ids: Sequence[str | None], cycle: int) -> AIMessage:
    if not reading.calls:
        return message
    calls = [
        tool_call(name=call.name, args=dict(call.arguments), id=call_id)
        for call, call_id in zip(reading.calls, _own(ids, cycle), strict=True)
    ]
    changes: dict[str, Any] = {"tool_calls": calls, "invalid_tool_calls": []}
    if not message.tool_calls and not message.invalid_tool_calls:
        marks = {WRITTEN: without_surrogates(message.text), **message.additional_kwargs}
        changes |= {"content": reading.text, "additional_kwargs": marks}
    return message.model_copy(update=changes)


def _own(ids: Sequence[str | None], cycle: int) -> list[str]:
    """An id for each: the one that it was given, where no other before it has that."""
    taken: dict[str, None] = {}
    given = set(ids)
    for number, call_id in enumerate(ids, 1):
        own = call_id if call_id and call_id not in taken else f"call-{cycle}-{number}"
        while own in taken or (own in given and own != call_id):
            own += "-"
        taken[own] = None
    return list(taken)
