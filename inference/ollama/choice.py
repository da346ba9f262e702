"""Which of the server's models to use when nobody names one, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.errors import ModelMissingError, ModelUnsuitableError
from inference.ollama.api import OllamaApi
from inference.ollama.types import Installed, Running, Shown

TUNED = "speedking-"
ROOM = 1.2
"""Memory a loaded model takes, over the size of its file: weights, cache and buffers. A rough figure."""
SUGGESTED = "qwen3.5:2b"
"""A dense model that any machine can run; a person with a card will want a mixture of experts."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model's full name on the server and the reason in a few words."""

    name: str
    why: str


def choose(api: OllamaApi, *, memory_bytes: int | None, tuned: bool = True) -> Choice:
    """The tuned tag, else the model that is loaded, else the best-suited one that is installed.

    Models for embedding only, and models that the server merely passes on to somebody else's computer,
    are skipped. `memory_bytes` is this machine's, None for a server elsewhere. `tuned` False leaves out
    our own tags: a base to tune is wanted. Raises ModelMissingError, ModelUnsuitableError.
    """
    installed = api.installed()
    able = [m for m in installed if not m.remote_host and "completion" in _abilities(api, m)]
    if not tuned:
        able = [m for m in able if not m.name.startswith(TUNED)]
    if not able:
        raise _nothing_able(installed, api.address.shown)
    return (_tuned(able) if tuned else None) or _loaded(able, api.running()) or best_suited(able, memory_bytes)


def find(name: str, installed: Sequence[Installed]) -> Installed | None:
    """The installed model that a name means; without a tag it means `latest`."""
    full = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    return next((m for m in installed if m.name.lower() == full.lower()), None)


def missing(name: str, installed: Sequence[Installed], url: str) -> ModelMissingError:
    """The error for a model that is not there, which says what is."""
    there = ", ".join(m.name for m in installed) or "none"
    return ModelMissingError(
        f"the model {name!r} is not installed at {url} (installed: {there})",
        next_step=f"`ollama pull {name}`, or name an installed one with --model",
    )


def must_run_there(entry: Installed, url: str) -> None:
    """Raise ModelUnsuitableError for a model that the server merely passes on."""
    if entry.remote_host:
        raise ModelUnsuitableError(
            f"{entry.name!r} does not run at {url} but at {entry.remote_host}",
            next_step="choose a model that runs on your own machine: your documents would leave it",
        )


def must_complete(name: str, shown: Shown) -> None:
    """Raise ModelUnsuitableError for a model that writes no text."""
    if shown.capabilities is not None and "completion" not in shown.capabilities:
        can = ", ".join(shown.capabilities) or "nothing"
        raise ModelUnsuitableError(
            f"{name!r} does not write text (it can do: {can})",
            next_step="choose another with --model; `ollama list` shows what is installed",
        )


def best_suited(able: Sequence[Installed], memory_bytes: int | None) -> Choice:
    """A Qwen mixture of experts before another Qwen before the rest, of those that fit into memory the
    largest; where none fits, the smallest."""
    fitting = [m for m in able if memory_bytes is None or m.size * ROOM <= memory_bytes]
    if not fitting:
        smallest = min(able, key=lambda m: m.size)
        return Choice(smallest.name, "the smallest installed; none surely fits into memory")
    best = max(fitting, key=lambda m: (_is_qwen_moe(m), _is_qwen(m), m.size))
    kind = "a Qwen mixture of experts" if _is_qwen_moe(best) else "a Qwen model" if _is_qwen(best) else "the largest"
    return Choice(best.name, f"the best-suited installed: {kind} that fits into memory")


def _tuned(able: Sequence[Installed]) -> Choice | None:
    tags = [m for m in able if m.name.startswith(TUNED)]
    return Choice(max(tags, key=lambda m: m.modified_at).name, "the tuned tag") if tags else None


def _loaded(able: Sequence[Installed], running: Sequence[Running]) -> Choice | None:
    names = {m.name for m in able}
    loaded = next((r for r in running if r.name in names), None)
    return Choice(loaded.name, "the model that is loaded") if loaded else None


def _abilities(api: OllamaApi, model: Installed) -> tuple[str, ...]:
    if model.capabilities is not None:
        return model.capabilities
    shown = api.show(model.name)
    return ("completion",) if shown.capabilities is None else shown.capabilities


def _nothing_able(installed: Sequence[Installed], url: str) -> ModelMissingError | ModelUnsuitableError:
    step = f"`ollama pull {SUGGESTED}`, or go on without a model: `--engine reader`"
    if not installed:
        return ModelMissingError(f"no model is installed at {url}", next_step=step)
    names = ", ".join(m.name for m in installed)
    return ModelUnsuitableError(f"no model at {url} writes text here (installed: {names})", next_step=step)


def _is_qwen(model: Installed) -> bool:
    return model.details.family.startswith("qwen")


def _is_qwen_moe(model: Installed) -> bool:
    return _is_qwen(model) and ("moe" in model.details.family or model.details.family == "qwen3next")
