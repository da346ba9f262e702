"""What a figure belongs to: the machine, the versions, the model and the options.

The one module of this package whose calls differ by operating system.
"""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from eval.plain import Json

PACKAGES = (
    "speedking",
    "chromadb",
    "langchain-core",
    "langchain-ollama",
    "langgraph",
    "sentence-transformers",
    "torch",
    "xllamacpp",
)
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """None is unknown. `gpus` are names with memory and driver, None where no NVIDIA tool answers.
    `git_commit` ends in "+changes" where the clone differs from it; None outside a clone. `packages`
    holds the versions of those that are installed. `model` and `options` are what the caller knows, e.g.
    digest, quantisation, context in force."""

    system: str
    python: str
    cpu: str | None
    cores: int | None
    threads: int | None
    memory_bytes: int | None
    gpus: tuple[str, ...] | None
    packages: Mapping[str, str]
    git_commit: str | None
    model: Mapping[str, Json] = field(default_factory=dict)
    options: Mapping[str, Json] = field(default_factory=dict)


def take_fingerprint(
    model: Mapping[str, Json] | None = None,
    options: Mapping[str, Json] | None = None,
    packages: Sequence[str] = PACKAGES,
) -> Fingerprint:
    """Of this machine, now. Where the model runs on another one, say so in `model`."""
    import psutil

    return Fingerprint(
        system=platform.platform(),
        python=platform.python_version(),
        cpu=_cpu(),
        cores=psutil.cpu_count(logical=False),
        threads=psutil.cpu_count(),
        memory_bytes=psutil.virtual_memory().total,
        gpus=_gpus(),
        packages={name: version for name in packages if (version := _version(name))},
        git_commit=_git_commit(Path(__file__).resolve().parent.parent),
        model=dict(model or {}),
        options=dict(options or {}),
    )


def _cpu() -> str | None:
    if platform.system() == "Linux":
        return _linux_cpu(Path("/proc/cpuinfo"))
    if platform.system() == "Darwin":
        return _said(["sysctl", "-n", "machdep.cpu.brand_string"])
    return platform.processor() or None


def _linux_cpu(path: Path) -> str | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    # ARM kernels give no model name there.
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _gpus() -> tuple[str, ...] | None:
    said = _said(["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"])
    return tuple(line.strip() for line in said.splitlines()) if said else None


def _git_commit(root: Path) -> str | None:
    # Only a clone of ours: an installed package may lie inside somebody else's.
    if not (root / ".git").exists():
        return None
    commit = _said(["git", "-C", str(root), "rev-parse", "HEAD"])
    if commit is None:
        return None
    changes = _said(["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no"])
    return f"{commit}+changes" if changes else commit


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _said(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
