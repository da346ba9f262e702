"""A model's name into its folder: a folder as it is, else the hub's cache. Nothing is downloaded."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from inference.errors import EncoderError

_DEFAULT_AUTHOR = "sentence-transformers"
_FULL_NAME = re.compile(r"\w[\w.-]*/[\w.-]+")
_CACHED = "models--"
NEAR = 0.85
"""Likeness (difflib's ratio) from which on another name is taken for the one that was meant."""


def hub_offline() -> None:
    """The hub's library reads these once, when it is first imported: this comes before that."""
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(name, "1")


def find_model(
    name: str,
    *,
    kind: str = "embedding model",
    instead: str = "a folder that holds a sentence-transformers model, or ollama:NAME",
    known: Sequence[str] = (),
    cache: Path | None = None,
) -> Path:
    """`name` is a folder, or a model of the hub that was downloaded before ("BAAI/bge-small-en-v1.5").

    `cache` is the hub's cache, by default where its own settings (HF_HOME, HF_HUB_CACHE) put it. Raises EncoderError,
    which says what else of the `kind` may be named, and whether one of the `known` or downloaded names is near.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if cache is None:
        hub_offline()
        from huggingface_hub.constants import HF_HUB_CACHE

        cache = Path(HF_HUB_CACHE)
    full = name if "/" in name else f"{_DEFAULT_AUTHOR}/{name}"
    snapshots = cache / f"{_CACHED}{full.replace('/', '--')}"
    try:
        revision = (snapshots / "refs" / "main").read_text("utf-8").strip()
    except OSError:
        revision = ""
    found = snapshots / "snapshots" / revision
    if revision and found.is_dir():
        return found
    raise EncoderError(
        f"the {kind} {name!r} is not on this machine: no such folder, and not in {cache}",
        next_step=f"{_near(name, (*known, *_downloaded(cache)))}{_how_to_get(name)}, or name {instead}",
    )


def _near(name: str, names: Iterable[str]) -> str:
    """Empty where no name is really near; a download that was broken off is not what was meant."""
    others = [other for other in names if other not in (name, f"{_DEFAULT_AUTHOR}/{name}")]
    meant = {key.lower(): other for other in others for key in (other, other.rpartition("/")[2])}
    found = difflib.get_close_matches(name.lower(), meant, n=1, cutoff=NEAR)
    return f"did you mean {meant[found[0]]}? Else " if found else ""


def _downloaded(cache: Path) -> list[str]:
    return [path.name.removeprefix(_CACHED).replace("--", "/", 1) for path in sorted(cache.glob(f"{_CACHED}*"))]


def _how_to_get(name: str) -> str:
    """Of a name without its author it cannot be told."""
    if _FULL_NAME.fullmatch(name):
        return f"fetch it with `hf download {name}` (speedking downloads nothing unasked)"
    if "/" in name or os.sep in name:
        return "check the spelling of the folder"
    return f"name it with its author as the hub does, after `hf download AUTHOR/{name}`"
