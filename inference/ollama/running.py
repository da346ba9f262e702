"""Which line of /api/ps is a model's: its own, or that of another name with the same weights."""

from __future__ import annotations

from inference.errors import ModelMissingError
from inference.ollama.api import OllamaApi
from inference.ollama.types import Running


def full_name(model: str) -> str:
    """As /api/ps and /api/tags write it: without a tag a name means `latest`."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def running_entry(api: OllamaApi, model: str, weights: str | None) -> Running | None:
    """The line of a loaded model. A base and its tuned tag share one runner, which stands there under the name that was
    loaded first. None where it is not loaded."""
    entries = api.running()
    own = next((entry for entry in entries if entry.name == full_name(model)), None)
    if own is not None or weights is None:
        return own
    return next((entry for entry in entries if weights_of(api, entry.name) == weights), None)


def weights_of(api: OllamaApi, model: str) -> str | None:
    """The weights behind a name; None for a model that is loaded still and was deleted."""
    try:
        return api.show(model).weights
    except ModelMissingError:
        return None
