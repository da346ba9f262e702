"""Settings: flags, then the environment, then one TOML file in the platform's config folder.

Each value knows where it came from, so that an error can name the place to change. Nothing is read from
the asked folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from inference.errors import UsageError

Engine = Literal["auto", "reader", "ollama", "openai", "gguf"]
TIMEOUT_S = "1800"
ENGINES: tuple[str, ...] = get_args(Engine)


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


def config_path() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("speedking", appauthor=False)) / "config.toml"


def load_settings(
    flags: Mapping[str, str | None],
    environment: Mapping[str, str] = os.environ,
    path: Path | None = None,
) -> Settings:
    """`flags` by name of setting, None where not given. Raises UsageError naming value and source."""
    path = path or config_path()
    file = _read(path)

    def setting(name: str, default: str | None = None) -> Setting:
        variable = f"SPEEDKING_{name.upper()}"
        if flags.get(name) is not None:
            return Setting(flags[name], f"--{name.replace('_', '-')}")
        if environment.get(variable):
            return Setting(environment[variable], variable)
        if file.get(name) is not None:
            return Setting(file[name], str(path))
        return Setting(default, "default")

    engine = setting("engine", "auto")
    if engine.value not in ENGINES:
        raise UsageError(
            f"{engine.source}: there is no engine {engine.value!r}", next_step=f"one of {', '.join(ENGINES)}"
        )
    host = environment.get("OLLAMA_HOST") or None
    return Settings(
        engine,
        setting("model"),
        setting("base_url"),
        setting("gguf"),
        Setting(host, "OLLAMA_HOST" if host else "default"),
        _seconds(setting("timeout_s", TIMEOUT_S)),
        setting("encoder"),
        setting("reranker"),
    )


def _read(path: Path) -> Mapping[str, str]:
    if not path.exists():
        return {}
    from speedking.config_file import read_config

    return {name: str(value) for name, value in read_config(path).items()}


def _seconds(setting: Setting) -> float:
    try:
        seconds = float(str(setting.value))
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise UsageError(f"{setting.source}: {setting.value!r} is no time limit", next_step="give seconds above 0")
    return seconds
