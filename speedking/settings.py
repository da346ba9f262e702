"""Settings: flags, then the environment, then one TOML file in the platform's config folder.

Each value knows where it came from, so that an error can name the place to change. Nothing is read from
the asked folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from inference.errors import UsageError

Engine = Literal["auto", "reader", "ollama", "openai", "gguf"]
TIMEOUT_S = "1800"
DEFAULTS: Mapping[str, str] = MappingProxyType({"engine": "auto", "timeout_s": TIMEOUT_S})
"""Of settings that have one; the others are not set."""
PREFIX = "SPEEDKING_"
ENGINES: tuple[str, ...] = get_args(Engine)
SECRET = frozenset({"api_key"})
"""Settings whose value is shown nowhere, only whether there is one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and its source: "--model", "SPEEDKING_MODEL", the file's path, or "default"."""

    value: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How the language model, the encoder and the reranker are chosen.

    `gguf` is a configured file for `auto`; `model` may be one too.
    """

    engine: Setting
    model: Setting
    base_url: Setting
    gguf: Setting
    ollama_host: Setting
    timeout_s: float
    """Of silence: how long a server may send nothing."""
    encoder: Setting = Setting(None, "default")
    """A sentence-transformers model by name or folder, or "ollama:TAG"; None is the packaged one."""
    reranker: Setting = Setting(None, "default")
    """A cross-encoder by name or folder; None is no reranking."""
    api_key: Setting = field(default=Setting(None, "default"), repr=False)
    """Of the engine openai's own server. There is no flag: a process list would show it."""
    context_tokens: int | None = None
    """For a server of the engine openai that does not tell its context."""


def config_path() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("speedking", appauthor=False)) / "config.toml"


def load_settings(
    flags: Mapping[str, str | None],
    environment: Mapping[str, str] = os.environ,
    path: Path | None = None,
) -> Settings:
    """`flags` by name of setting, None where not given. Raises UsageError naming value and source."""
    setting = lookup(flags, environment, path)
    engine = setting("engine")
    if engine.value not in ENGINES:
        raise UsageError(
            f"{engine.source}: there is no engine {engine.value!r}", next_step=f"one of {', '.join(ENGINES)}"
        )
    return Settings(
        engine,
        setting("model"),
        setting("base_url"),
        setting("gguf"),
        ollama_host(environment),
        _seconds(setting("timeout_s")),
        setting("encoder"),
        setting("reranker"),
        setting("api_key"),
        _tokens(setting("context_tokens")),
    )


def lookup(
    flags: Mapping[str, str | None], environment: Mapping[str, str] = os.environ, path: Path | None = None
) -> Callable[[str], Setting]:
    """Where each setting comes from, by its name; the file is read once. Raises UsageError for a broken file."""
    path = path or config_path()
    file = _read(path)

    def setting(name: str) -> Setting:
        if flags.get(name) is not None:
            return Setting(flags[name], f"--{name.replace('_', '-')}")
        if environment.get(variable(name)):
            return Setting(environment[variable(name)], variable(name))
        if file.get(name) is not None:
            return Setting(file[name], str(path))
        return Setting(DEFAULTS.get(name), "default")

    return setting


def variable(name: str) -> str:
    """The environment's name for a setting."""
    return f"{PREFIX}{name.upper()}"


def ollama_host(environment: Mapping[str, str] = os.environ) -> Setting:
    host = environment.get("OLLAMA_HOST") or None
    return Setting(host, "OLLAMA_HOST" if host else "default")


def _read(path: Path) -> Mapping[str, str]:
    if not path.exists():
        return {}
    from speedking.config_file import read_config

    return {name: str(value) for name, value in read_config(path).items()}


def _tokens(setting: Setting) -> int | None:
    if setting.value is None:
        return None
    if not setting.value.isdecimal() or int(setting.value) < 1:
        raise UsageError(f"{setting.source}: {setting.value!r} is no number of tokens", next_step="give a whole number")
    return int(setting.value)


def _seconds(setting: Setting) -> float:
    try:
        seconds = float(str(setting.value))
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise UsageError(f"{setting.source}: {setting.value!r} is no time limit", next_step="give seconds above 0")
    return seconds
