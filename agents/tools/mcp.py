"""The tools of MCP servers, through langchain-mcp-adapters (the extra `mcp`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from agents.tools.background import Background
from agents.tools.foreign import LangChainTools
from agents.tools.shown import one_line
from inference.errors import UsageError


def mcp_tools(connections: Mapping[str, Mapping[str, Any]], read_only: Iterable[str] = ()) -> LangChainTools:
    """All tools of the servers, by the connections that langchain-mcp-adapters takes: {"files": {"transport": "stdio",
    "command": ..., "args": [...]}}.

    A server over stdio is started anew for the listing and for each call (a Python one in about a second), so nothing
    is left running. Raises UsageError where the extra is not installed, and for a server that does not answer, naming
    it.
    """
    if find_spec("langchain_mcp_adapters") is None:
        raise UsageError("tools of MCP servers need langchain-mcp-adapters", next_step="pip install -e '.[mcp]'")
    from langchain_mcp_adapters.client import MultiServerMCPClient

    background, tools = Background(), []
    for name, connection in connections.items():
        try:
            client = MultiServerMCPClient({name: dict(connection)}, handle_tool_errors=False)  # type: ignore[dict-item]
            tools += background.result(client.get_tools())
        except Exception as error:
            reason = one_line(str(_first(error)), 200)
            raise UsageError(
                f"the MCP server {name!r} does not answer: {reason}", next_step="start it by hand to see what it says"
            ) from error
    return LangChainTools(tools, read_only)


def _first(error: BaseException) -> BaseException:
    """The first of those that a group holds."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
