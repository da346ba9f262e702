"""A Modelfile, and Ollama's parameters with their types: /api/create stores any name and any type and
reports success, so both are checked here first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.errors import UsageError

LOAD_TIME = frozenset({"num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread", "draft_num_predict"})
"""Changing one of these loads the model again."""
_INTEGERS = frozenset({*LOAD_TIME, "num_keep", "seed", "num_predict", "top_k", "repeat_last_n"}) - {"use_mmap"}
_NUMBERS = frozenset(
    {"top_p", "min_p", "typical_p", "temperature", "repeat_penalty", "presence_penalty", "frequency_penalty"}
)


@dataclass(frozen=True, slots=True)
class TunedOption:
    """One parameter of the created model, and why it has this value."""

    name: str
    value: int | float
    reason: str

    def __post_init__(self) -> None:
        check(self.name, self.value)


def check(name: str, value: object) -> None:
    """Raise UsageError for a parameter that Ollama does not have, or for a value of another type."""
    if name not in _INTEGERS and name not in _NUMBERS:
        known = ", ".join(sorted(_INTEGERS | _NUMBERS))
        raise UsageError(f"Ollama has no parameter {name!r} that is a number", next_step=f"use one of: {known}")
    wanted = int if name in _INTEGERS else (int, float)
    if isinstance(value, bool) or not isinstance(value, wanted):
        kind = "a whole number" if name in _INTEGERS else "a number"
        raise UsageError(f"{name} must be {kind}, not {value!r}", next_step=f"give {name} as {kind}")


def modelfile(base: str, options: Sequence[TunedOption]) -> str:
    """The text that `ollama create NAME -f FILE` takes, each value under its reason."""
    lines = [f"FROM {base}"]
    for option in options:
        lines += ["", f"# {option.reason}", f"PARAMETER {option.name} {option.value}"]
    return "\n".join(lines) + "\n"
