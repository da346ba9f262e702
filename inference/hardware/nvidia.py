"""NVIDIA cards: what they are, by the driver's library and else by nvidia-smi, and how they do just now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from inference.hardware.machine import Gpu, RunCommand

FIELDS = ("name", "memory.total", "memory.used", "driver_version", "compute_cap")
FIELDS_OF_OLD_DRIVERS = FIELDS[:4]
"""Drivers before 510 do not know compute_cap and then print nothing else either."""
MIB = 1 << 20

SLOWED: dict[str, str] = {
    "nvmlClocksEventReasonSwPowerCap": "power limit",
    "nvmlClocksEventReasonHwSlowdown": "hardware slowdown",
    "nvmlClocksEventReasonSwThermalSlowdown": "too warm",
    "nvmlClocksEventReasonHwThermalSlowdown": "too warm (hardware)",
    "nvmlClocksEventReasonHwPowerBrakeSlowdown": "power brake (hardware)",
}
"""NVML's clock event reasons that hold a card back, in words; the others (idle, set by the user) do not count."""


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One card just now. `slowed_by` is empty where nothing holds it back, None where the driver does not tell."""

    name: str
    slowed_by: tuple[str, ...] | None
    busy_share: float | None
    temperature_c: int | None
    used_bytes: int | None


def from_library() -> tuple[Gpu, ...] | None:
    """The cards as the driver's library tells; None where there is no such library or no card."""
    with _library() as nvml:
        if nvml is None:
            return None
        driver = _asked(nvml.nvmlSystemGetDriverVersion)
        return tuple(_card(nvml, handle, driver) for handle in _handles(nvml)) or None


def from_command(run: RunCommand) -> tuple[Gpu, ...]:
    """The cards as nvidia-smi tells; none where it is not there."""
    for fields in (FIELDS, FIELDS_OF_OLD_DRIVERS):
        said = run(["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"])
        if said is not None and "not a valid field" not in said:
            return tuple(gpu for line in said.splitlines() if (gpu := _from_line(line)) is not None)
    return ()


def gpu_readings() -> tuple[GpuReading, ...]:
    """Every NVIDIA card just now; none where the driver's library is not there."""
    with _library() as nvml:
        return () if nvml is None else tuple(_reading(nvml, handle) for handle in _handles(nvml))


def gpu_clocks_throttled() -> tuple[str, ...] | None:
    """What holds the cards back just now, in words, each once; empty for nothing. None: no card tells."""
    told = [reading.slowed_by for reading in gpu_readings() if reading.slowed_by is not None]
    return tuple(dict.fromkeys(reason for reasons in told for reason in reasons)) if told else None


def slowed_by(nvml: Any, mask: int) -> tuple[str, ...]:
    """The words for the bits of NVML's clock event reasons."""
    bits = ((getattr(nvml, name, 0), words) for name, words in SLOWED.items())
    return tuple(words for bit, words in bits if mask & bit)


@contextmanager
def _library() -> Iterator[Any]:
    """NVML, opened and closed again; None where the driver has none (a Mac, a machine without such a card)."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # the library's own errors, and whatever the loading of a shared library may raise
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def _handles(nvml: Any) -> list[Any]:
    count = _asked(nvml.nvmlDeviceGetCount) or 0
    handles = (_asked(nvml.nvmlDeviceGetHandleByIndex, index) for index in range(count))
    return [handle for handle in handles if handle is not None]


def _card(nvml: Any, handle: Any, driver: str | None) -> Gpu:
    memory = _asked(nvml.nvmlDeviceGetMemoryInfo, handle)
    capability = _asked(nvml.nvmlDeviceGetCudaComputeCapability, handle)
    return Gpu(
        "nvidia",
        _text(_asked(nvml.nvmlDeviceGetName, handle)) or "NVIDIA card",
        memory_bytes=None if memory is None else int(memory.total),
        used_bytes=None if memory is None else int(memory.used),
        driver=_text(driver),
        compute_capability=None if capability is None else (int(capability[0]), int(capability[1])),
    )


def _reading(nvml: Any, handle: Any) -> GpuReading:
    mask = _asked(nvml.nvmlDeviceGetCurrentClocksEventReasons, handle)
    if mask is None:  # the older name, for drivers before 535
        mask = _asked(nvml.nvmlDeviceGetCurrentClocksThrottleReasons, handle)
    rates = _asked(nvml.nvmlDeviceGetUtilizationRates, handle)
    memory = _asked(nvml.nvmlDeviceGetMemoryInfo, handle)
    return GpuReading(
        name=_text(_asked(nvml.nvmlDeviceGetName, handle)) or "NVIDIA card",
        slowed_by=None if mask is None else slowed_by(nvml, int(mask)),
        busy_share=None if rates is None else rates.gpu / 100,
        temperature_c=_asked(nvml.nvmlDeviceGetTemperature, handle, nvml.NVML_TEMPERATURE_GPU),
        used_bytes=None if memory is None else int(memory.used),
    )


def _asked(call: Any, *arguments: Any) -> Any:
    """The answer of one call of the library; None where this card or driver does not support it."""
    try:
        return call(*arguments)
    except Exception:  # NVMLError, and what an older driver's missing function raises
        return None


def _text(value: Any) -> str | None:
    """Older versions of the library give bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _from_line(line: str) -> Gpu | None:
    values = [value.strip() for value in line.split(",")]
    if len(values) < len(FIELDS_OF_OLD_DRIVERS):
        return None
    major, _, minor = (values[4] if len(values) > 4 else "").partition(".")
    capability = (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None
    return Gpu("nvidia", values[0], _mib(values[1]), _mib(values[2]), values[3] or None, capability)


def _mib(text: str) -> int | None:
    """nvidia-smi writes [N/A] where a card has no memory of its own."""
    return int(text) * MIB if text.isdecimal() else None
