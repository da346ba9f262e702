"""The answers of Ollama's HTTP API that we read, and nothing of them that we do not."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

_BLOB = re.compile(r"^FROM \S*sha256[-:]([0-9a-f]{64})", re.MULTILINE)


class _Edge(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Details(_Edge):
    """What kind of model it is, in the server's words."""

    family: str = ""
    parameter_size: str = ""
    quantization_level: str = ""
    parent_model: str = ""
    """The model that it was created from, where that is known."""


class Installed(_Edge):
    """A line of /api/tags. `capabilities` is None where the server's version does not list them."""

    name: str
    digest: str = ""
    size: int = 0
    modified_at: str = ""
    details: Details = Details()
    capabilities: tuple[str, ...] | None = None
    remote_host: str = ""
    """Set on a model that runs on somebody else's computer."""

    @field_validator("remote_host", mode="before")
    @classmethod
    def _no_null(cls, value: Any) -> Any:
        return value or ""


class Running(_Edge):
    """A line of /api/ps. `context_length` in tokens, 0 where the server does not say; `size` and `size_vram` in bytes,
    the server's estimates; `expires_at` as the server writes it."""

    name: str
    context_length: int = 0
    size: int = 0
    size_vram: int = 0
    expires_at: str = ""

    @property
    def card_share(self) -> float | None:
        """The part of the model that lies in a card's memory, 0 to 1; None where the server does not say."""
        return self.size_vram / self.size if self.size else None


class Progress(_Edge):
    """A line of /api/create or /api/pull. `total` and `completed` in bytes of the layer `digest`, 0 where it names
    none."""

    status: str = ""
    digest: str = ""
    total: int = 0
    completed: int = 0


class Shown(_Edge):
    """/api/show. `parameters` is a text of lines "name   value"."""

    capabilities: tuple[str, ...] | None = None
    details: Details = Details()
    info: dict[str, Any] = Field(default_factory=dict, alias="model_info")
    parameters: str = ""
    modelfile: str = ""

    @property
    def architecture(self) -> str:
        return str(self.info.get("general.architecture", self.details.family))

    def number(self, key: str) -> int | None:
        """A number of the model's own metadata, e.g. "context_length", under its architecture."""
        value = self.info.get(f"{self.architecture}.{key}")
        return value if isinstance(value, int) else None

    def parameter(self, name: str) -> str | None:
        """The value of one stored parameter as text, None where the model sets none."""
        for line in self.parameters.splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return value.strip().strip('"')
        return None

    @property
    def weights(self) -> str | None:
        """SHA-256 of the file of weights: a base and its tuned tag have the same."""
        found = _BLOB.search(self.modelfile)
        return found[1] if found else None
