"""A turn as a JSON object: the schema that a model is held to, and the message that it becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage
from langchain_core.messages.tool import tool_call

from agents.reply.asked import plain
from agents.reply.literals import without_surrogates
from agents.reply.normalise import WRITTEN
from agents.tools.finish import FINISH
from agents.tools.spec import Parameter, ToolSpec

THOUGHT_CHARS, ARGUMENT_CHARS, ANSWER_CHARS, MOST_CITATIONS = 240, 200, 800, 8
"""Caps, so that a turn ends before the limit of tokens: one that is cut is no JSON."""


Choices: TypeAlias = Mapping[str, Sequence[str]]
"""The values that an argument is held to, by its name."""


def turn_schema(specs: Sequence[ToolSpec], choices: Mapping[str, Choices] | None = None) -> dict[str, Any]:
    """{"thought": …, "tool": …, "with": {…}}, the tools as alternatives, with `choices` for arguments by the tool's
    name. Some servers have a model write the keys in the order of the alphabet, and this is one in which it thinks
    first."""
    held = choices or {}
    return {"anyOf": [_alternative(spec, held.get(spec.name, {})) for spec in specs]}


def called(message: AIMessage, specs: Sequence[ToolSpec]) -> AIMessage:
    """The message with its object as a tool call and its thought as the text; as it came where it is no such object
    (cut off, or written by a server that ignores schemas): what is read from text is the normaliser's."""
    written = without_surrogates(message.text)
    try:
        turn = json.loads(written)
        name, arguments = turn["tool"], turn["with"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return message
    if not isinstance(arguments, dict) or name not in [spec.name for spec in specs]:
        return message
    return message.model_copy(
        update={
            "content": str(turn.get("thought") or ""),
            "tool_calls": [tool_call(name=name, args=plain(arguments) or {}, id=None)],
            "additional_kwargs": {**message.additional_kwargs, WRITTEN: written},
        }
    )


def _alternative(spec: ToolSpec, choices: Choices) -> dict[str, Any]:
    cap = ANSWER_CHARS if spec.name == FINISH.name else ARGUMENT_CHARS
    return {
        "type": "object",
        "properties": {
            "thought": {"type": "string", "maxLength": THOUGHT_CHARS},
            "tool": {"const": spec.name},
            "with": {
                "type": "object",
                "properties": {
                    one.name: {"enum": list(choices[one.name])} if one.name in choices else _capped(one, cap)
                    for one in spec.parameters
                },
                "required": [one.name for one in spec.parameters if one.required],
                "additionalProperties": False,
            },
        },
        "required": ["thought", "tool", "with"],
        "additionalProperties": False,
    }


def _capped(parameter: Parameter, cap: int) -> dict[str, Any]:
    """A tool of others keeps its own schema."""
    schema = parameter.json_schema
    if parameter.schema is not None:
        return schema
    schema.pop("description", None)
    if parameter.kind == "string":
        return {**schema, "maxLength": cap}
    return {**schema, "maxItems": MOST_CITATIONS} if parameter.kind == "integers" else schema
