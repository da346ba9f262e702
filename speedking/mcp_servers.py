"""The MCP servers that a person names for the agent: a JSON file as other programs have it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.errors import UsageError
from speedking.folder_tools import CALL_S

if TYPE_CHECKING:
    from agents import Tools

EXAMPLE = '{"mcpServers": {"files": {"command": "some-server", "args": []}}}'
TRANSPORTS = {"http": "streamable_http", "streamable-http": "streamable_http", "streamableHttp": "streamable_http"}
"""As other programs name them; stdio and sse are named alike."""
KEYS = ("command", "args", "env", "cwd", "url", "headers")
"""What is passed on: other programs keep what is their own beside it."""


def mcp_tools_of(path: Path) -> Tools:
    """All tools of the servers in the file. Raises UsageError for a file that cannot be read as one, naming it."""
    from agents.tools.compute import COMPUTE
    from agents.tools.documents import GREP, LIST_FILES, READ, SEARCH
    from agents.tools.finish import FINISH
    from agents.tools.mcp import mcp_tools

    own = (SEARCH, READ, GREP, LIST_FILES, COMPUTE, FINISH)
    return mcp_tools(_servers(path), taken=[spec.name for spec in own], seconds=CALL_S)


def _servers(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """By name, as langchain-mcp-adapters takes them."""
    try:
        document = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", next_step="name another file with --mcp"
        ) from error
    except ValueError as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}", next_step=f"write it like {EXAMPLE}") from error
    servers = document.get("mcpServers", document) if isinstance(document, dict) else None
    if not servers or not isinstance(servers, dict) or not all(isinstance(it, dict) for it in servers.values()):
        raise UsageError(f"{path} names no MCP server", next_step=f"write it like {EXAMPLE}")
    for name, server in servers.items():
        if not {"command", "url"} & server.keys():
            raise UsageError(
                f"the MCP server {name!r} in {path} has no command and no url, only {', '.join(server) or 'nothing'}",
                next_step=f"write it like {EXAMPLE}",
            )
    return {name: _connection(server) for name, server in servers.items()}


def _connection(server: Mapping[str, Any]) -> Mapping[str, Any]:
    """A command is spoken to over its pipes, a url over HTTP, where the file does not say it."""
    said = str(server.get("transport") or server.get("type") or "")
    given = {key: server[key] for key in KEYS if key in server}
    if "command" in given:
        return {"args": [], **given, "transport": "stdio"}
    return {**given, "transport": TRANSPORTS.get(said, said) or "streamable_http"}
