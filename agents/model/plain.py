"""A transcript in plain text, for a model that is given no tools by its template: told of in the system message, called
and answered in what every chat template can render."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall

from agents.reply.normalise import WRITTEN
from agents.tools.spec import ToolSpec

HOW_TEXT = """\
To call a tool, write one JSON object and nothing else, such as
{{"name": "search", "arguments": {{"query": "opening hours"}}}}
The tools:
{tools}"""
HOW_SCHEMA = """\
Every turn is one JSON object: what you think in a few words, the tool to call, and its arguments, such as
{{"thought": "I need the opening hours.", "tool": "search", "with": {{"query": "opening hours"}}}}
The tools:
{tools}"""

Written = Callable[[str, ToolCall], str]
"""(what was said beside it, a call) -> the call as the model would have written it."""


def as_text(
    messages: Sequence[BaseMessage], specs: Sequence[ToolSpec], how: str, written: Written
) -> list[BaseMessage]:
    """A longer transcript begins with the text of the shorter one: what the model wrote is shown to it word for word,
    what it was told since stands behind."""
    system, *rest = messages
    told = "\n".join(map(_told, specs))
    sent: list[BaseMessage] = [SystemMessage(f"{system.text}\n{how.format(tools=told)}")]
    for message in rest:
        if isinstance(message, AIMessage):
            sent.append(AIMessage(_said(message, written)))
        elif isinstance(sent[-1], HumanMessage):  # templates want user and assistant in turn
            sent[-1] = HumanMessage(f"{sent[-1].text}\n\n{message.text}")
        else:
            sent.append(HumanMessage(message.text))
    return sent


def named_call(said: str, call: ToolCall) -> str:
    turn = json.dumps({"name": call["name"], "arguments": call["args"]}, ensure_ascii=False)
    return f"{said}\n{turn}" if said else turn


def json_turn(said: str, call: ToolCall) -> str:
    return json.dumps({"thought": said, "tool": call["name"], "with": call["args"]}, ensure_ascii=False)


def _told(spec: ToolSpec) -> str:
    """What a template would tell of it, the purpose of each argument too."""
    arguments = [f"    {one.name}: {one.description}" for one in spec.parameters if one.description]
    return "\n".join([f"- {spec.usage}: {spec.description}", *arguments])


def _said(message: AIMessage, written: Written) -> str:
    own = message.additional_kwargs.get(WRITTEN)
    if isinstance(own, str):
        return own
    if not message.tool_calls:
        return message.text
    first, *others = message.tool_calls
    return "\n".join([written(message.text, first), *(written("", call) for call in others)])
