"""Runs the small programs of an operating system that tell what a machine is."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

PATIENCE_S = 10.0
"""system_profiler takes seconds on a Mac with many screens; nvidia-smi on a card that sleeps too."""


def run_command(command: Sequence[str]) -> str | None:
    """What it printed; None where the program is not there, fails, says nothing or takes too long."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
