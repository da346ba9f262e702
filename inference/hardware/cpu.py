"""The processor's name and the vector instructions that llama.cpp computes with."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from inference.hardware.machine import RunCommand

_LINUX_NAMES = {
    "avx": "avx",
    "avx2": "avx2",
    "fma": "fma",
    "f16c": "f16c",
    "avx_vnni": "avx_vnni",
    "avx512f": "avx512f",
    "avx512_vnni": "avx512_vnni",
    "avx512_bf16": "avx512_bf16",
    "amx_int8": "amx_int8",
    "asimd": "neon",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "sve": "sve",
    "sve2": "sve2",
    "sme": "sme",
}
"""The kernel's names and the ones shown here: what llama.cpp's CPU variants are compiled for (ggml-cpu)."""
_MAC_NAMES = {
    "hw.optional.neon": "neon",
    "hw.optional.arm.FEAT_DotProd": "dotprod",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_SME": "sme",
    "hw.optional.avx2_0": "avx2",
    "hw.optional.fma": "fma",
    "hw.optional.f16c": "f16c",
    "hw.optional.avx512f": "avx512f",
}


@dataclass(frozen=True, slots=True)
class Processor:
    """`features` None: they cannot be read here (Windows)."""

    name: str | None
    features: tuple[str, ...] | None


def read(system: str, run: RunCommand, cpuinfo: Path) -> Processor:
    """The processor of a Linux machine, a Mac, or another one."""
    if system == "Linux":
        return _linux(cpuinfo, run)
    if system == "Darwin":
        return Processor(run(["sysctl", "-n", "machdep.cpu.brand_string"]), _mac_features(run))
    return Processor(platform.processor() or None, None)


def _linux(cpuinfo: Path, run: RunCommand) -> Processor:
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return Processor(None, None)
    # On ARM the line is called Features, and there is no model name: lscpu knows it by its part number.
    flags = _value(lines, "flags") or _value(lines, "Features")
    features = None if flags is None else _known(flags.split())
    return Processor(_value(lines, "model name") or _from_lscpu(run), features)


def _known(flags: list[str]) -> tuple[str, ...]:
    there = set(flags)
    return tuple(shown for flag, shown in _LINUX_NAMES.items() if flag in there)


def _from_lscpu(run: RunCommand) -> str | None:
    said = run(["env", "LC_ALL=C", "lscpu"])
    return None if said is None else _value(said.splitlines(), "Model name")


def _mac_features(run: RunCommand) -> tuple[str, ...] | None:
    # One name that this Mac does not have makes sysctl fail, but not print less: each is asked for alone.
    answers = {shown: run(["sysctl", "-n", name]) for name, shown in _MAC_NAMES.items()}
    if all(answer is None for answer in answers.values()):
        return None
    return tuple(shown for shown, answer in answers.items() if answer == "1")


def _value(lines: list[str], name: str) -> str | None:
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == name and value.strip():
            return value.strip()
    return None
