"""What the models run on: cards, processor, memory. Probed here, described by a person, or unknown (elsewhere).

What cannot be read is None; nothing is raised because something is missing.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Vendor: TypeAlias = Literal["nvidia", "amd", "apple"]
Source: TypeAlias = Literal["probed", "described", "unknown"]
RunCommand: TypeAlias = Callable[[Sequence[str]], str | None]
"""Runs a command and gives what it printed; None where it is not there, fails or takes too long."""

GIB = 1 << 30
LEAST_CARD_BYTES = 2 * GIB
"""Below it a graphics processor is a part of the main processor, for pictures and not for models."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card, or a Mac's graphics processor. `memory_bytes` is all it has; of a Mac, what macOS lets it use."""

    vendor: Vendor
    name: str
    memory_bytes: int | None = None
    used_bytes: int | None = None
    driver: str | None = None
    compute_capability: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Hardware:
    """One machine. `cores` are physical ones; `cpu_features` are those that llama.cpp computes with, None where they
    cannot be read. `notes` say what was assumed where a person left something out."""

    source: Source
    system: str | None = None
    cpu: str | None = None
    cores: int | None = None
    cpu_features: tuple[str, ...] | None = None
    ram_bytes: int | None = None
    available_bytes: int | None = None
    gpus: tuple[Gpu, ...] = ()
    unified_memory: bool = False
    wsl2: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def unknown(cls) -> Hardware:
        """Of a server elsewhere: no endpoint tells what it runs on."""
        return cls("unknown")

    @property
    def cards(self) -> tuple[Gpu, ...]:
        """The cards that one model can be laid over: of one maker, whose memory is known, together the largest."""
        able = [gpu for gpu in self.gpus if gpu.memory_bytes is not None and gpu.memory_bytes >= LEAST_CARD_BYTES]
        makers = {gpu.vendor: tuple(g for g in able if g.vendor == gpu.vendor) for gpu in able}
        return max(makers.values(), key=_memory, default=())

    @property
    def card_bytes(self) -> int:
        """The memory of `cards` together; 0 without one."""
        return _memory(self.cards)


def probe_hardware(
    *,
    run: RunCommand | None = None,
    system: str | None = None,
    release: str | None = None,
    sysfs: Path = Path("/sys/class/drm"),
    cpuinfo: Path = Path("/proc/cpuinfo"),
) -> Hardware:
    """This machine, now. The arguments are for tests: what its commands print, its system's name and release, and
    where Linux tells of cards and processor."""
    import psutil

    from inference.hardware import amd, apple, cpu, nvidia
    from inference.hardware.commands import run_command

    # A name from the caller means that this machine's own NVIDIA library is not to be asked.
    library = nvidia.from_library if run is None else lambda: None
    run = run or run_command
    system = system or platform.system()
    release = release if release is not None else platform.release()
    memory = psutil.virtual_memory()
    processor = cpu.read(system, run, cpuinfo)
    if system == "Darwin":
        mac = apple.read(run, memory.total)
        gpus, unified = mac.gpus, mac.unified_memory
    else:
        found = library()
        gpus = nvidia.from_command(run) if found is None else found
        gpus += amd.read(sysfs) if system == "Linux" else ()
        unified = False
    return Hardware(
        source="probed",
        system=f"{system} {release}".strip(),
        cpu=processor.name,
        cores=psutil.cpu_count(logical=False),
        cpu_features=processor.features,
        ram_bytes=memory.total,
        available_bytes=memory.available,
        gpus=gpus,
        unified_memory=unified,
        wsl2=system == "Linux" and "microsoft" in release.lower(),
    )


def describe(hardware: Hardware) -> str:
    """One line for a person, with what is not known said."""
    if hardware.source == "unknown":
        return "not known: the server runs on another machine"
    parts = [*_described_gpus(hardware), *_described_rest(hardware)]
    return ("described: " if hardware.source == "described" else "") + ", ".join(parts)


def _described_gpus(hardware: Hardware) -> list[str]:
    if not hardware.gpus:
        return ["no card" if hardware.source == "described" else "no card found"]
    shown = []
    for gpu in hardware.gpus:
        size = "memory not known" if gpu.memory_bytes is None else _gib(gpu.memory_bytes)
        if size in gpu.name:  # a described card is called by it
            shown.append(gpu.name)
            continue
        share = " for the GPU" if hardware.unified_memory else ""
        driver = "" if gpu.driver is None else f", driver {gpu.driver}"
        shown.append(f"{gpu.name} ({size}{share}{driver})")
    return shown


def _described_rest(hardware: Hardware) -> list[str]:
    cores = "" if hardware.cores is None else f", {hardware.cores} cores"
    vectors = "" if not hardware.cpu_features else f" ({' '.join(hardware.cpu_features)})"
    memory = "main memory not known" if hardware.ram_bytes is None else f"{_gib(hardware.ram_bytes)} main memory"
    parts = [] if hardware.cpu is None else [f"{hardware.cpu}{cores}{vectors}"]
    parts.append(memory)
    if hardware.system is not None:
        parts.append(hardware.system + (" (WSL2)" if hardware.wsl2 else ""))
    return parts


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / GIB:.3g} GiB"


def _memory(gpus: Sequence[Gpu]) -> int:
    return sum(gpu.memory_bytes or 0 for gpu in gpus)
