"""The TOML file of settings: what it may hold. Loaded where there is such a file, pydantic with it."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from inference.errors import UsageError


class ConfigFile(BaseModel):
    """All keys are optional; an unknown one is an error, since it would have no effect."""

    model_config = ConfigDict(extra="forbid", strict=True)

    engine: Literal["auto", "reader", "ollama", "openai", "gguf"] | None = None
    model: str | None = None
    base_url: str | None = None
    gguf: str | None = None
    timeout_s: float | None = None
    encoder: str | None = None
    reranker: str | None = None
    api_key: str | None = None
    context_tokens: int | None = None


def read_config(path: Path) -> dict[str, Any]:
    """The values that are set. Raises UsageError naming the file and the key."""
    try:
        return ConfigFile.model_validate(tomllib.loads(path.read_text("utf-8"))).model_dump(exclude_none=True)
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError, OSError) as error:
        raise UsageError(
            f"the settings {path} cannot be read: {_what(error)}", next_step=f"correct or delete {path}"
        ) from error


def _what(error: Exception) -> str:
    """One line, with the key where the value of one is wrong."""
    if isinstance(error, tomllib.TOMLDecodeError):
        return f'{error}; a text stands in quotes, as in engine = "reader"'
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(map(_wrong, error.errors()))


def _wrong(wrong: ErrorDetails) -> str:
    key = ".".join(map(str, wrong["loc"]))
    if wrong["type"] != "extra_forbidden":
        return f"{key}: {wrong['msg']}"
    near = get_close_matches(key, ConfigFile.model_fields, n=1)
    return f"there is no setting {key!r}" + (f" (did you mean {near[0]!r}?)" if near else "")
