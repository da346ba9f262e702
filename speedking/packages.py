"""The packages have generic names, by the user's wish: are the ones that load our own?"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from inference.errors import UsageError

PACKAGES = ("agents", "eval", "inference", "rag")


def check_packages() -> None:
    """Raises UsageError naming the intruder where one of our packages is loaded from elsewhere.

    Ours lie beside `speedking`, installed or editable. Nothing is imported.
    """
    home = Path(__file__).resolve().parents[1]
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is None or origin.parents[1] != home:
            raise UsageError(
                f"the package `{name}` loads from {origin or 'nowhere'}, not from {home}",
                next_step="install speedking into an environment of its own: python3 -m venv, pipx or uv tool",
            )
