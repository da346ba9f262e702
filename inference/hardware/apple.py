"""A Mac: its graphics processor, and how much of the one memory macOS lets it use."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field, ValidationError

from inference.hardware.machine import GIB, Gpu, RunCommand

SMALL_MAC_BYTES = 32 * GIB
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Mac:
    """`unified_memory` False: an Intel Mac, whose card has memory of its own that models do not use (Ollama runs
    them on the processor there)."""

    gpus: tuple[Gpu, ...]
    unified_memory: bool


class _Machine(BaseModel):
    chip_type: str | None = None


class _Display(BaseModel):
    model: str | None = Field(default=None, alias="sppci_model")
    vendor: str | None = Field(default=None, alias="spdisplays_vendor")


class _Report(BaseModel):
    """The two sections of system_profiler's JSON that are read."""

    machines: tuple[_Machine, ...] = Field(default=(), alias="SPHardwareDataType")
    displays: tuple[_Display, ...] = Field(default=(), alias="SPDisplaysDataType")


def read(run: RunCommand, ram_bytes: int) -> Mac:
    """The Mac this runs on; without a graphics processor where system_profiler does not answer."""
    said = run(["system_profiler", "SPHardwareDataType", "SPDisplaysDataType", "-json"])
    try:
        report = _Report.model_validate_json(said or "{}")
    except ValidationError:
        return Mac((), False)
    chip = next((machine.chip_type for machine in report.machines if machine.chip_type), None)
    name = chip or next((screen.model for screen in report.displays if "apple" in (screen.vendor or "").lower()), None)
    if name is None:
        return Mac((), False)
    return Mac((Gpu("apple", name, memory_bytes=_limit(run) or gpu_share(ram_bytes)),), True)


def gpu_share(ram_bytes: int) -> int:
    """What macOS lets the graphics processor use by itself: two thirds up to 32 GiB, three quarters above.

    Metal's recommendedMaxWorkingSetSize as llama.cpp logged it: 10,922.67 MB of 16 GiB, 21,845.34 MB of 32 GiB
    (issues abetlen/llama-cpp-python 687 and ollama 434), 28,991.03 MB (in millions of bytes) of 36 GiB, 73,728 MB of
    96 GiB (issue llama.cpp 3213). Newer macOS gives a 128 GiB Mac 107.5 GiB: three quarters err on the safe side.
    """
    return ram_bytes * 2 // 3 if ram_bytes <= SMALL_MAC_BYTES else ram_bytes * 3 // 4


def _limit(run: RunCommand) -> int | None:
    """The limit that a person has set; 0 means that macOS chooses."""
    said = run(["sysctl", "-n", "iogpu.wired_limit_mb"])
    return int(said) * MIB if said is not None and said.isdecimal() and int(said) > 0 else None
