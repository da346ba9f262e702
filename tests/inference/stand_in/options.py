"""Options of a model and of a request: their types, and which of them a loaded model has to be loaded with."""

from __future__ import annotations

import re
from typing import Any

from tests.inference.stand_in.answers import Refused

_INTEGERS = (
    "num_ctx num_batch num_gpu main_gpu num_thread draft_num_predict num_keep seed num_predict top_k repeat_last_n"
).split()
_FLOATS = "top_p min_p typical_p temperature repeat_penalty presence_penalty frequency_penalty".split()
_TYPES: dict[str, tuple[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(_INTEGERS, ("integer", (int, float))),
    **dict.fromkeys(_FLOATS, ("float32", (int, float))),
    "use_mmap": ("boolean", bool),
    "stop": ("array", list),
}
_LOADED_WITH = "num_ctx num_batch num_gpu main_gpu use_mmap num_thread draft_num_predict".split()
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
FOREVER_S = 9.2e9
"""A negative keep_alive, 292 years: the longest duration that the server can tell."""


def checked(options: dict[str, Any]) -> dict[str, Any]:
    """The options that are any; unknown ones are left out, as by the server. Refused at a wrong type."""
    known = {name: value for name, value in options.items() if name in _TYPES}
    for name, value in known.items():
        word, types = _TYPES[name]
        if not isinstance(value, types) or (word != "boolean" and isinstance(value, bool)):
            raise Refused(500, f'option "{name}" must be of type {word}')
    return known


def loaded_with(options: dict[str, Any], context: int, shift: Any) -> dict[str, Any]:
    """What a runner is started with: two that are equal share it. The batch follows the context if unset."""
    automatic = 512 if context <= 4096 else 1024 if context <= 32_768 else 2048
    set_here = {name: options[name] for name in _LOADED_WITH if name in options}
    if set_here.get("num_gpu", -1) < 0:
        set_here.pop("num_gpu", None)
    return {"num_batch": automatic} | set_here | {"num_ctx": context, "shift": shift is not False}


def seconds(keep_alive: Any) -> float:
    """A keep_alive as a number of seconds or as Go writes durations, "1h30m"; 5 minutes if unset."""
    if keep_alive is None:
        return 300.0
    if isinstance(keep_alive, str):
        sign = -1 if keep_alive.startswith("-") else 1
        parts = re.findall(r"([\d.]+)(ms|h|m|s)", keep_alive)
        keep_alive = sign * (sum(float(n) * _UNITS_S[unit] for n, unit in parts) if parts else float(keep_alive))
    return FOREVER_S if keep_alive < 0 else float(keep_alive)
