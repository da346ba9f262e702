"""Tools of others: any LangChain tool, those of MCP servers among them. What they say is data, not instructions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from agents.evidence import Evidence
from agents.tools.background import Background
from agents.tools.call import Call, Observation
from agents.tools.shown import framed, one_line, word
from agents.tools.spec import Kind, Parameter, ToolSpec
from inference.errors import UsageError

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

DESCRIPTION_CHARS = 400
ERROR_CHARS = 300
READ_ONLY_HINT = "readOnlyHint"
"""By which an MCP server says of a tool that it changes nothing. The server's own word: name a server only where it is
trusted that far."""


class ForeignToolError(Exception):
    """A tool of others failed; its message on one line, unable to open or close a frame."""


class LangChainTools:
    """LangChain tools as a run's tools. One is asked about before each call unless it is named in `read_only`, or its
    MCP server says that it changes nothing. Raises UsageError for two of one name and for a name in `read_only` that
    none has.

    What such a tool brings is no evidence: an answer cannot cite it. A call of an asynchronous one is cancelled after
    so many `seconds`; one of a synchronous one cannot be, and is made in the thread that asks.
    """

    def __init__(
        self, tools: Sequence[BaseTool], read_only: Iterable[str] = (), *, seconds: float | None = None
    ) -> None:
        self._seconds = seconds
        self._tools = {tool.name: tool for tool in tools}
        self._background = Background()
        twins = [name for name, count in Counter(tool.name for tool in tools).items() if count > 1]
        if twins:
            raise UsageError(f"two tools are named {twins[0]!r}", next_step="leave one out")
        unknown = sorted(set(read_only) - set(self._tools))
        if unknown:
            names = ", ".join(self._tools) or "none"
            raise UsageError(f"there is no tool {unknown[0]!r} to be read-only", next_step=f"name one of: {names}")
        self.specs: tuple[ToolSpec, ...] = tuple(spec_of(tool, tool.name in set(read_only)) for tool in tools)

    def run(self, call: Call, evidence: Evidence) -> Observation:
        """Raises KeyError for a tool that is not among the specs, ForeignToolError where the tool fails, TimeoutError
        where it is late."""
        tool = self._tools[call.name]
        given = {"type": "tool_call", "id": "1", "name": call.name, "args": dict(call.arguments)}
        try:
            if _awaits(tool):
                message = self._background.result(tool.ainvoke(given), self._seconds)
            else:
                message = tool.invoke(given)
        except TimeoutError:
            raise
        except Exception as error:
            raise ForeignToolError(one_line(f"{type(error).__name__}: {error}", ERROR_CHARS)) from error
        text = text_of(message)
        if not text:
            return word(f"{call.name} was carried out and brought no text.", evidence)
        return Observation(framed(f"(from {call.name})\n{text}"), evidence, f"(what {call.name} brought left out)")


def _awaits(tool: BaseTool) -> bool:
    """Whether it has a coroutine of its own: LangChain runs others in threads that a process waits for as it exits."""
    from langchain_core.tools import BaseTool, StructuredTool, Tool

    if isinstance(tool, StructuredTool | Tool):
        return tool.coroutine is not None
    return type(tool)._arun is not BaseTool._arun


def spec_of(tool: BaseTool, read_only: bool = False) -> ToolSpec:
    """As the model is told it, from the tool's JSON schema; texts of others on one line and cut."""
    schema = _schema(tool)
    required = schema.get("required", ())
    parameters = (_parameter(name, part, name in required) for name, part in schema.get("properties", {}).items())
    hinted = (tool.metadata or {}).get(READ_ONLY_HINT) is True
    description = one_line(tool.description, DESCRIPTION_CHARS)
    return ToolSpec(tool.name, description, tuple(parameters), read_only=read_only or hinted)


def text_of(message: Any) -> str:
    """What the model reads of a tool's message: its text, or its structured content where there is no text. Pictures
    and files are named and left out."""
    content = getattr(message, "content", message)
    blocks = content if isinstance(content, list) else [content]
    text = "\n".join(filter(None, map(_block_text, blocks))).strip()
    artifact = getattr(message, "artifact", None)
    if not text and isinstance(artifact, Mapping) and artifact.get("structured_content") is not None:
        return json.dumps(artifact["structured_content"], ensure_ascii=False, default=str)
    return text


def _block_text(block: Any) -> str:
    if not isinstance(block, Mapping):
        return str(block)
    if isinstance(text := block.get("text"), str):
        return text
    return f"({one_line(str(block.get('type', 'a part')), 40)} left out: only text is read)"


def _schema(tool: BaseTool) -> Mapping[str, Any]:
    """Of the arguments that a model gives, its references resolved, for a parameter stands alone."""
    from langchain_core.utils.json_schema import dereference_refs
    from pydantic import BaseModel

    told = tool.tool_call_schema
    if isinstance(told, dict):
        schema = told
    else:
        schema = told.model_json_schema() if issubclass(told, BaseModel) else told.schema()
    return dereference_refs(schema, skip_keys=[]) if "$defs" in schema or "definitions" in schema else schema


def _parameter(name: str, schema: Any, required: bool) -> Parameter:
    """A plain type is checked as ours are ("3" counts as 3); what is not is the tool's own to check."""
    schema = _safe(schema) if isinstance(schema, Mapping) else {}
    kind: Kind = next((k for k in get_args(Kind) if k == schema.get("type") and "enum" not in schema), "any")
    return Parameter(name, kind, schema.get("description", ""), required, schema)


def _safe(schema: Any) -> Any:
    """The schema with its descriptions on one line, and without titles, which repeat the names."""
    if isinstance(schema, Mapping):
        return {
            key: one_line(value, DESCRIPTION_CHARS) if key == "description" and isinstance(value, str) else _safe(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_safe(item) for item in schema] if isinstance(schema, list) else schema
