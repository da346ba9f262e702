"""Tools for a model that takes none: told in the system message, called and answered in plain text."""

from __future__ import annotations

import json
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from agents.tools.spec import ToolSpec

_HOW = """\
To call a tool, write one JSON object and nothing else, such as
{{"name": "search", "arguments": {{"query": "opening hours"}}}}
The tools:
{tools}"""


def as_text(messages: Sequence[BaseMessage], specs: Sequence[ToolSpec]) -> list[BaseMessage]:
    """The transcript without tool calls and tool messages: what every chat template can render."""
    system, *rest = messages
    told = "\n".join(f"- {spec.usage}: {spec.description}" for spec in specs)
    sent: list[BaseMessage] = [SystemMessage(f"{system.text}\n{_HOW.format(tools=told)}")]
    for message in rest:
        if isinstance(message, AIMessage):
            sent.append(AIMessage(_written(message)))
        elif isinstance(sent[-1], HumanMessage):  # templates want user and assistant in turn
            sent[-1] = HumanMessage(f"{sent[-1].text}\n\n{message.text}")
        else:
            sent.append(HumanMessage(message.text))
    return sent


def _written(message: AIMessage) -> str:
    calls = [json.dumps({"name": c["name"], "arguments": c["args"]}) for c in message.tool_calls]
    return "\n".join([message.text, *calls] if message.text else calls)
