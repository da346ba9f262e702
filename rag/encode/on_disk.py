"""A model's name into its folder: a folder as it is, else the hub's cache. Nothing is downloaded."""

from __future__ import annotations

import os
from pathlib import Path

from inference.errors import EncoderError

_DEFAULT_AUTHOR = "sentence-transformers"


def hub_offline() -> None:
    """The hub's library reads these once, when it is first imported: this comes before that."""
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(name, "1")


def find_model(name: str, *, kind: str = "embedding model", cache: Path | None = None) -> Path:
    """`name` is a folder, or a model of the hub that was downloaded before ("BAAI/bge-small-en-v1.5").

    `cache` is the hub's cache, by default where its own settings (HF_HOME, HF_HUB_CACHE) put it. Raises EncoderError.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder.resolve()
    if cache is None:
        hub_offline()
        from huggingface_hub.constants import HF_HUB_CACHE

        cache = Path(HF_HUB_CACHE)
    full = name if "/" in name else f"{_DEFAULT_AUTHOR}/{name}"
    snapshots = cache / f"models--{full.replace('/', '--')}"
    try:
        revision = (snapshots / "refs" / "main").read_text("utf-8").strip()
    except OSError:
        revision = ""
    found = snapshots / "snapshots" / revision
    if revision and found.is_dir():
        return found
    raise EncoderError(
        f"the {kind} {name!r} is not on this machine: no such folder, and not in {cache}",
        next_step=f"`hf download {full}` fetches it; speedking downloads nothing unasked",
    )
