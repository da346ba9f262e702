"""What a test says to the stand-in: an installed model, what its next answer does; and what the server was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Model:
    """One installed model. `parameters` as created; the context of one that sets none is the server's."""

    capabilities: Sequence[str] | None = ("completion",)
    parameters: dict[str, Any] = field(default_factory=dict)
    family: str = "qwen2"
    size: int = 1_000_000
    weights: str = "a" * 64
    trained: int = 32_768
    remote_host: str | None = None
    modified: str = "2026-01-01T00:00:00Z"
    parameter_size: str = "1B"
    vram_share: float | None = 0.0
    """Of its size, once loaded; None where the server does not say."""
    thoughts: Sequence[str] = ()
    """Tokens that it thinks before every answer, unless it cannot think or is told not to."""
    info: dict[str, Any] = field(default_factory=dict)
    """More of the file's metadata, under the family's name: {"expert_count": 16}."""
    parent: str = ""
    template: str = "{{ .Prompt }}"
    renderer: str | None = None
    parser: str | None = None
    quantization: str = "Q4_K_M"


@dataclass
class Turn:
    """What the next chat does. `lines` are the messages before the last line, one token each."""

    lines: Sequence[dict[str, Any]] = ({"content": "Paris"}, {"content": " it is"})
    done: dict[str, Any] = field(default_factory=dict)
    """Fields of the last line that are to be others."""
    status: int = 200
    error: str | None = None
    """The body's error with another status; with 200 an error line in the stream."""
    cut: bool = False
    """Close the connection before the last line."""
    pause_s: float = 0.0
    """Silence before the last line."""


@dataclass
class Asked:
    """A request that came."""

    path: str
    body: Any
    headers: dict[str, str]
