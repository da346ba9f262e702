"""The tools of MCP servers, through langchain-mcp-adapters (the extra `mcp`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from agents.tools.background import Background
from agents.tools.foreign import LangChainTools
from agents.tools.shown import one_line
from inference.errors import UsageError

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool


LISTING_S = 60.0
"""For a server's first answer: one that is fetched as it is started takes its time."""
CALL_S = 20.0
NAME_CHARS = 64


def mcp_tools(
    connections: Mapping[str, Mapping[str, Any]],
    read_only: Iterable[str] = (),
    *,
    taken: Iterable[str] = (),
    seconds: float = CALL_S,
) -> LangChainTools:
    """All tools of the servers, by the connections that langchain-mcp-adapters takes: {"files": {"transport": "stdio",
    "command": ..., "args": [...]}}. One whose name is `taken`, or that another server has too, is named SERVER_NAME.

    A server over stdio is started anew for the listing and for each call, and a call that is not answered within
    `seconds` is cancelled, so nothing is left running. Raises UsageError where the extra is not installed, and for a
    server that does not answer, naming it.
    """
    if find_spec("langchain_mcp_adapters") is None:
        raise UsageError("tools of MCP servers need langchain-mcp-adapters", next_step="pip install -e '.[mcp]'")
    from langchain_mcp_adapters.client import MultiServerMCPClient

    background, names = Background(), set(taken)
    tools: list[BaseTool] = []
    for name, connection in connections.items():
        try:
            client = MultiServerMCPClient({name: dict(connection)}, handle_tool_errors=False)  # type: ignore[dict-item]
            listed = background.result(client.get_tools(), LISTING_S)
        except Exception as error:
            reason = one_line(str(_first(error)), 200) or f"nothing for {LISTING_S:g} s"
            raise UsageError(
                f"the MCP server {name!r} does not answer: {reason}", next_step="start it by hand to see what it says"
            ) from error
        told = [_renamed(tool, f"{name}_{tool.name}") if tool.name in names else tool for tool in listed]
        names |= {tool.name for tool in told}
        tools += told
    return LangChainTools(tools, read_only, seconds=seconds)


def _renamed(tool: BaseTool, name: str) -> BaseTool:
    """Servers take letters, digits and two signs in a tool's name."""
    return tool.model_copy(update={"name": re.sub(r"[^A-Za-z0-9_-]", "_", name)[:NAME_CHARS]})


def _first(error: BaseException) -> BaseException:
    """The first of those that a group holds."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
