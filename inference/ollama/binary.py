"""Where the installed Ollama is: its program, the process that serves, and the store of models."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import psutil

from inference.address import ServerAddress
from inference.errors import EngineUnavailableError

_FROM = re.compile(r"^FROM (\S.*?)[/\\]blobs[/\\]sha256", re.MULTILINE)
USUAL_PLACES = (
    "/usr/local/bin/ollama",
    "/opt/homebrew/bin/ollama",
    "/Applications/Ollama.app/Contents/Resources/ollama",
    "~/AppData/Local/Programs/Ollama/ollama.exe",
)
"""Where its installers put it, for a person whose PATH lacks it."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """`ollama serve`. `environment` is None where the system does not let us read it (another user's process)."""

    pid: int
    program: Path | None
    environment: Mapping[str, str] | None

    def variable(self, name: str) -> str | None:
        """A variable of its environment; "" where it is not set, None where that is not known."""
        return None if self.environment is None else self.environment.get(name, "")


def server_process(address: ServerAddress) -> ServerProcess | None:
    """The process that listens at a local address; None where it is elsewhere or cannot be seen."""
    if not address.local:
        return None
    serving = list(_serving())
    listening = [process for process in serving if address.port in _ports(process)]
    unseen = [process for process in serving if not _ports(process)]
    for process in listening or (unseen if len(serving) == 1 else []):
        return ServerProcess(process.pid, _program(process), _environment(process))
    return None


def serving_ports() -> tuple[int, ...]:
    """The ports of every `ollama serve` on this machine, as far as they can be seen."""
    return tuple(sorted({port for process in _serving() for port in _ports(process)}))


def find_binary(running: ServerProcess | None = None, places: Sequence[str] = USUAL_PLACES) -> Path:
    """The installed program: of the running server, else on the PATH, else where installers put it. Raises
    EngineUnavailableError."""
    found = shutil.which("ollama")
    candidates = [running.program if running else None, Path(found) if found else None]
    candidates += [Path(place).expanduser() for place in places]
    for candidate in candidates:
        if candidate is not None and os.access(candidate, os.X_OK):
            return candidate
    raise EngineUnavailableError(
        "Ollama is not installed here: there is no program `ollama` on the PATH or in the usual places",
        next_step="install it from ollama.com/download, or go on without it: `--engine gguf` or `--engine reader`",
    )


def store_of(modelfile: str) -> Path | None:
    """The folder of models, out of a Modelfile as /api/show prints it: it names the weights by their path there."""
    found = _FROM.search(modelfile)
    return Path(found[1]) if found else None


def default_store(environment: Mapping[str, str]) -> Path | None:
    """OLLAMA_MODELS of a server's environment, else the place in its own home; None where there is none, or none that
    we may look into."""
    home = environment.get("HOME") or environment.get("USERPROFILE") or str(Path.home())
    store = Path(environment.get("OLLAMA_MODELS") or Path(home) / ".ollama" / "models")
    with contextlib.suppress(OSError):
        return store if store.is_dir() else None
    return None


def store_at(address: ServerAddress) -> Path | None:
    """The folder of models of a local server, by its own environment; None for one elsewhere, and for one that runs as
    another user: its home is not ours."""
    process = server_process(address)
    if process is None or process.environment is None:
        return None
    return default_store(process.environment)


def _serving() -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if PurePath(process.name()).stem.lower() == "ollama" and "serve" in process.cmdline()[1:]:
                yield process


def _ports(process: psutil.Process) -> set[int]:
    """The ports it listens on; empty where the system does not tell."""
    try:
        return {c.laddr.port for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN}
    except (psutil.Error, OSError):
        return set()


def _program(process: psutil.Process) -> Path | None:
    try:
        return Path(process.exe())
    except (psutil.Error, OSError):
        return None


def _environment(process: psutil.Process) -> Mapping[str, str] | None:
    try:
        return dict(process.environ())
    except (psutil.Error, OSError):
        return None
