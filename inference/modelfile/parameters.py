"""A Modelfile, and Ollama's parameters with their types: /api/create stores any name and any type and
reports success, so both are checked here first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from inference.errors import UsageError

Value = int | float | bool | str

LOAD_TIME = frozenset({"num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread", "draft_num_predict"})
"""Changing one of these loads the model again."""
WHOLE, NUMBER, SWITCH, TEXT = "a whole number", "a number", "true or false", "text"
PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(sorted(LOAD_TIME - {"use_mmap"}), WHOLE),
        **dict.fromkeys(("num_keep", "seed", "num_predict", "top_k", "repeat_last_n"), WHOLE),
        **dict.fromkeys(("top_p", "min_p", "typical_p", "temperature"), NUMBER),
        **dict.fromkeys(("repeat_penalty", "presence_penalty", "frequency_penalty"), NUMBER),
        "use_mmap": SWITCH,
        "stop": TEXT,
    }
)
"""Every parameter of Ollama 0.33 (api.Options of its source) with its type. `stop` may be given several times."""
_TYPES: Mapping[str, tuple[type, ...]] = {WHOLE: (int,), NUMBER: (int, float), SWITCH: (bool,), TEXT: (str,)}


@dataclass(frozen=True, slots=True)
class TunedOption:
    """One parameter of the created model, and why it has this value."""

    name: str
    value: Value
    reason: str

    def __post_init__(self) -> None:
        check(self.name, self.value)


def check(name: str, value: object) -> None:
    """Raise UsageError for a parameter that Ollama does not have, or for a value of another type."""
    if name not in PARAMETERS:
        known = ", ".join(sorted(PARAMETERS))
        raise UsageError(f"Ollama has no parameter {name!r}", next_step=f"use one of: {known}")
    kind = PARAMETERS[name]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != SWITCH):
        raise UsageError(f"{name} must be {kind}, not {value!r}", next_step=f"give {name} as {kind}")


def modelfile(base: str, options: Sequence[TunedOption]) -> str:
    """The text that `ollama create NAME -f FILE` takes, each value under its reason."""
    lines = [f"FROM {base}"]
    for option in options:
        lines += ["", f"# {option.reason}", parameter_line(option.name, option.value)]
    return "\n".join(lines) + "\n"


def parameter_line(name: str, value: Value) -> str:
    """A value as Ollama's parser reads it back: it knows no escapes, so what quotes cannot hold stands in three."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str) and (value != value.strip() or "\n" in value or value[:1] in ('"', "")):
        quote = '"""' if '"' in value else '"'
        text = f"{quote}{value}{quote}"
    return f"PARAMETER {name} {text}"


def parameters(options: Iterable[TunedOption]) -> Mapping[str, Value | list[str]]:
    """The `parameters` of /api/create: a later value wins, but for `stop`, of which there is a list."""
    made: dict[str, Value | list[str]] = {}
    for option in options:
        if option.name == "stop":
            stops = made.setdefault("stop", [])
            assert isinstance(stops, list)
            stops.append(str(option.value))
        else:
            made[option.name] = option.value
    return made
