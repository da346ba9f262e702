"""speedking config: every setting, its value and where it comes from; variables that have no effect."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from speedking.console import Terminal, place
from speedking.settings import PREFIX, SECRET, Setting, config_path, load_settings, lookup, ollama_host, variable

MASKED = "(set, not shown)"
FOR_TESTS = ("SPEEDKING_TEST_", "SPEEDKING_SHARED")
"""Variables of the tests and of the workshop; no command reads them."""
_LOGIN = re.compile(r"(?<=//)[^/@\s]*@|^[^/@\s]+:[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as it may be shown. `value` None: not set. `set_by` is where it can be set."""

    name: str
    value: str | None
    source: str
    set_by: str


@dataclass(frozen=True, slots=True)
class Stray:
    """A variable of ours that no setting has; `instead` is the one that was meant, None where it cannot be told."""

    name: str
    instead: str | None


def run(*, flags: Mapping[str, str | None], terminal: Terminal) -> int:
    """Raises UsageError for a value that no command would take."""
    load_settings(flags)
    path, settings, strays = config_path(), every_setting(flags), stray_variables(os.environ)
    if terminal.json_mode:
        terminal.json(_document(path, settings, strays))
    else:
        _show(path, settings, strays, terminal)
    return 0


def every_setting(flags: Mapping[str, str | None], environment: Mapping[str, str] = os.environ) -> tuple[Shown, ...]:
    """In the order of the file, OLLAMA_HOST last; secrets masked."""
    find = lookup(flags, environment)
    ours = (_shown(name, find(name), f"{_flag(name, flags)}{variable(name)}, {name} in the file") for name in _names())
    return (*ours, _shown("ollama_host", ollama_host(environment), "OLLAMA_HOST"))


def stray_variables(environment: Mapping[str, str]) -> tuple[Stray, ...]:
    """Variables that begin as ours do and have no effect."""
    known = [variable(name) for name in _names()]
    strays = sorted(
        name for name in environment if name.startswith(PREFIX) and name not in known and not name.startswith(FOR_TESTS)
    )
    return tuple(Stray(name, next(iter(get_close_matches(name, known, n=1, cutoff=0.8)), None)) for name in strays)


def _names() -> tuple[str, ...]:
    from speedking.config_file import ConfigFile

    return tuple(ConfigFile.model_fields)


def _flag(name: str, flags: Mapping[str, str | None]) -> str:
    return f"--{name.replace('_', '-')}, " if name in flags else ""


def _shown(name: str, setting: Setting, set_by: str) -> Shown:
    value = setting.value
    if value is not None:
        value = MASKED if name in SECRET else _LOGIN.sub("…@", value)
    return Shown(name, value, setting.source, set_by)


def _document(path: Path, settings: Sequence[Shown], strays: Sequence[Stray]) -> dict[str, Any]:
    from eval import to_json

    return {
        "config_file": str(path),
        "config_file_exists": path.is_file(),
        "settings": to_json(settings),
        "unknown_variables": to_json(strays),
    }


def _show(path: Path, settings: Sequence[Shown], strays: Sequence[Stray], terminal: Terminal) -> None:
    there = "" if path.is_file() else " (not there: every line of it is optional)"
    terminal.show(f"config file: {place(str(path), None)}{there}\n")
    wide = max(len(_value(setting)) for setting in settings)
    for setting in settings:
        from_where = setting.source if setting.source != "default" else f"default (set it by {setting.set_by})"
        terminal.show(f"  {setting.name:<14}  {_value(setting):<{wide}}  {from_where}")
    for stray in strays:
        hint = f"did you mean {stray.instead}?" if stray.instead else "there is no such setting"
        terminal.note(f"{stray.name} has no effect: {hint}")


def _value(setting: Shown) -> str:
    return "-" if setting.value is None else " ".join(setting.value.split())
