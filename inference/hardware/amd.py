"""AMD cards on Linux, from what the kernel's driver writes under /sys/class/drm."""

from __future__ import annotations

import re
from pathlib import Path

from inference.hardware.machine import Gpu

_CARD = re.compile(r"card\d+")


def read(sysfs: Path) -> tuple[Gpu, ...]:
    """The cards with the driver amdgpu; none elsewhere. A name only where the driver gives one."""
    try:
        folders = sorted(path for path in sysfs.iterdir() if _CARD.fullmatch(path.name))
    except OSError:
        return ()
    cards = (_card(folder / "device") for folder in folders)
    return tuple(card for card in cards if card is not None)


def _card(device: Path) -> Gpu | None:
    total = _number(device / "mem_info_vram_total")
    if total is None:
        return None
    return Gpu("amd", _line(device / "product_name") or "AMD card", total, _number(device / "mem_info_vram_used"))


def _number(path: Path) -> int | None:
    text = _line(path)
    return int(text) if text is not None and text.isdecimal() else None


def _line(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None
