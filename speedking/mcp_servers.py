"""The MCP servers that a person names for the agent: a JSON file as other programs have it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.errors import UsageError

if TYPE_CHECKING:
    from agents import Tools

EXAMPLE = '{"mcpServers": {"files": {"command": "some-server", "args": []}}}'


def mcp_tools_of(path: Path) -> Tools:
    """All tools of the servers in the file. Raises UsageError for a file that cannot be read as one, naming it."""
    from agents.tools.mcp import mcp_tools

    return mcp_tools(_servers(path))


def _servers(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """By name, as langchain-mcp-adapters takes them: a command is spoken to over its pipes, a url over HTTP."""
    try:
        document = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}", next_step=f"write it like {EXAMPLE}") from error
    servers = document.get("mcpServers", document) if isinstance(document, dict) else None
    if not servers or not all(isinstance(server, dict) for server in servers.values()):
        raise UsageError(f"{path} names no MCP server", next_step=f"write it like {EXAMPLE}")
    return {
        name: {"transport": "stdio" if "command" in it else "streamable_http", **it} for name, it in servers.items()
    }
