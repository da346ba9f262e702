"""The packages have generic names, by the user's wish: are the ones that load our own?"""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGES = ("agents", "eval", "inference", "rag")
NEXT_STEP = "install speedking into an environment of its own: python3 -m venv, pipx or uv tool"


def intruder() -> str | None:
    """Which of our packages is loaded from elsewhere, and from where; None where all are ours.

    Ours lie beside `speedking`, installed or editable. Nothing is imported, here neither: our own errors
    are in one of the packages.
    """
    home = Path(__file__).resolve().parents[1]
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is None or origin.parents[1] != home:
            return f"the package `{name}` loads from {origin or 'nowhere'}, not from {home}"
    return None
