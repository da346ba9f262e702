"""Where an OpenAI-compatible server is: the address with or without /v1, as people write it."""

from __future__ import annotations

from dataclasses import replace

from inference.address import ServerAddress, ollama_address
from inference.errors import UsageError

API = "/v1"


def openai_address(base_url: str | None) -> ServerAddress:
    """The root of a server (`url` is without /v1) from "http://host:8000/v1", "http://host:8000" or "host:8000".

    Without a port it is the scheme's, and nothing of the environment counts. Raises UsageError without an address:
    the usual clients would go to a cloud then.
    """
    given = (base_url or "").strip().strip("\"'")
    if not given:
        raise UsageError(
            "the engine openai without a base URL would go to a cloud, with your documents and your key",
            next_step="name your own server with --base-url, or use --engine ollama or gguf",
        )
    address = ollama_address(given if "://" in given else f"http://{given}", env={})
    return replace(address, url=address.url.removesuffix(API), shown=address.shown.removesuffix(API))
