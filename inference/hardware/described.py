"""A machine as a person describes it for --machine: "nvidia=24,ram=64", "apple=36", "ram=16"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inference.errors import UsageError
from inference.hardware.apple import gpu_share
from inference.hardware.machine import GIB, Gpu, Hardware, Vendor

DEFAULT_RAM_GIB = 32
EXAMPLES = "nvidia=24,ram=64 or apple=36 or ram=16 (numbers are GiB; cc=8.6, cores=8 and name=RTX 3090 may be added)"
_KEYS = ("nvidia", "amd", "apple", "ram", "cc", "cores", "name")
_MOST_GIB = 16_384


def parse_machine(text: str) -> Hardware:
    """The described machine. Numbers are GiB, as a "24 GB card" has; a card may stand there twice. Without `ram` a
    machine with a card has 32 GiB, and a note says so. Raises UsageError that names the piece."""
    pieces = list(_pieces(text))
    singles = {key: value for key, value in pieces if key not in ("nvidia", "amd")}
    name, capability = singles.get("name"), _capability(text, singles.get("cc"))
    cards = [(key, _gib(key, value)) for key, value in pieces if key in ("nvidia", "amd")]
    apple = _gib("apple", singles["apple"]) if "apple" in singles else None
    if apple is not None and (cards or "ram" in singles):
        raise _misread(text, "a Mac has one memory, so apple=… stands without a card and without ram=…")
    ram, notes = _ram(singles.get("ram"), apple, bool(cards))
    if ram is None:
        raise _misread(text, "there is neither a card nor ram=…")
    gpus = [_card(key, size, name, capability) for key, size in cards]
    if apple is not None:
        gpus = [Gpu("apple", name or f"Apple chip with {apple / GIB:g} GiB", gpu_share(apple))]
    return Hardware(
        source="described",
        cores=_cores(singles.get("cores")),
        ram_bytes=ram,
        gpus=tuple(gpus),
        unified_memory=apple is not None,
        notes=notes,
    )


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for piece in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (part.strip() for part in piece.partition("="))
        key = key.lower()
        if not equals or not value or key not in _KEYS:
            raise _misread(piece, f"a piece is one of {', '.join(_KEYS)}, =, and a value")
        if key in seen and key not in ("nvidia", "amd"):
            raise _misread(piece, f"{key} stands there twice")
        seen.add(key)
        yield key, value


def _ram(said: str | None, apple: int | None, card: bool) -> tuple[int | None, tuple[str, ...]]:
    if apple is not None:
        return apple, ()
    if said is not None:
        return _gib("ram", said), ()
    if not card:
        return None, ()
    return DEFAULT_RAM_GIB * GIB, (f"main memory was not said: {DEFAULT_RAM_GIB} GiB are assumed",)


def _card(vendor: str, size_bytes: int, name: str | None, capability: tuple[int, int] | None) -> Gpu:
    maker: Vendor = "nvidia" if vendor == "nvidia" else "amd"
    shown = {"nvidia": "NVIDIA", "amd": "AMD"}[vendor]
    return Gpu(
        maker,
        name or f"{shown} card of {size_bytes / GIB:g} GiB",
        memory_bytes=size_bytes,
        compute_capability=capability if maker == "nvidia" else None,
    )


def _gib(key: str, value: str) -> int:
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:gib|gb|g)?", value.lower())
    if number is None or not 0 < float(number[1]) <= _MOST_GIB:
        raise _misread(f"{key}={value}", f"{key} is a number of GiB")
    return int(float(number[1]) * GIB)


def _cores(value: str | None) -> int | None:
    if value is not None and (not value.isdecimal() or int(value) == 0):
        raise _misread(f"cores={value}", "cores is a whole number")
    return None if value is None else int(value)


def _capability(text: str, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    found = re.fullmatch(r"(\d+)\.(\d+)", value)
    if found is None or not re.search(r"nvidia\s*=", text.lower()):
        raise _misread(f"cc={value}", "cc is an NVIDIA card's compute capability, as 8.6")
    return int(found[1]), int(found[2])


def _misread(piece: str, why: str) -> UsageError:
    return UsageError(f"--machine cannot be read at {piece!r}: {why}", next_step=f"write it as {EXAMPLES}")
