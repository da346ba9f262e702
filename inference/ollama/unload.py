"""Giving a model's memory back: asked for, and waited for until it is gone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from inference.errors import GenerationError, ModelMissingError
from inference.ollama.api import OllamaApi
from inference.ollama.running import full_name

GONE_S = 60.0
"""Seconds after which a model that still stands in /api/ps counts as kept."""
POLL_S = 0.1


def unload(api: OllamaApi, model: str, *, within_s: float = GONE_S, wait: Callable[[float], None] = time.sleep) -> None:
    """Unload a model and poll /api/ps until it is gone: the server answers before its runner has ended.

    The file stays in the operating system's page cache, so what follows is a cold model, not a cold disk.
    Raises GenerationError where it is still there after `within_s`, as while another program uses it.
    """
    api.unload(model)
    ends = time.monotonic() + within_s
    while any(entry.name == full_name(model) for entry in api.running()):
        if time.monotonic() >= ends:
            raise GenerationError(
                f"{model!r} is still loaded at {api.address.shown} {within_s:g} s after it was to be unloaded",
                next_step=f"see who uses it; `ollama stop {model}`, then `ollama ps`",
            )
        wait(POLL_S)


def unload_all(api: OllamaApi, *, within_s: float = GONE_S, wait: Callable[[float], None] = time.sleep) -> list[str]:
    """Unload every loaded model; returns their names. One that was deleted while it was loaded cannot be named to the
    server any more: it stays until its time is over."""
    unloaded = []
    for name in [entry.name for entry in api.running()]:
        with contextlib.suppress(ModelMissingError):
            unload(api, name, within_s=within_s, wait=wait)
            unloaded.append(name)
    return unloaded
