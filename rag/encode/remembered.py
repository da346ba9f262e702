"""What was found out once about this machine: hashes of large files, the fastest way to embed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def recall(key: str) -> str | None:
    """What was remembered under `key`, None where nothing was."""
    return _read(_place()).get(key)


def remember(key: str, value: str) -> None:
    """Keeps it for later processes; where the cache folder cannot be written it is found out again."""
    place = _place()
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps({**_read(place), key: value}, indent=1), "utf-8")
        beside.replace(place)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file; computed again only where its size or time differ. Raises OSError."""
    stat = path.stat()
    key = f"sha256 {path} {stat.st_size} {stat.st_mtime_ns}"
    if (known := recall(key)) is not None:
        return known
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    remember(key, found)
    return found


def _place() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("speedking", appauthor=False)) / "encoders.json"


def _read(place: Path) -> Mapping[str, str]:
    try:
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
