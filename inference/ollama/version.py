"""Which versions of Ollama make a difference here."""

from __future__ import annotations

import re

LEAST = (0, 30, 0)
"""From here on Ollama runs llama.cpp's own server; the options and rules of this project are those of that one."""
COUNTS_CACHED = (0, 33, 3)
"""From here on an answer says how many tokens of its prompt came from the cache."""
NEWER = "install the present version from ollama.com/download"


def parse_version(text: str | None) -> tuple[int, int, int] | None:
    """The three numbers of "0.33.0-rc2"; None for anything else."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text or "")
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def counts_cached(text: str | None) -> bool:
    """Whether its answers surely say how many tokens came from the cache."""
    number = parse_version(text)
    return number is not None and number >= COUNTS_CACHED


def too_old(text: str | None) -> str | None:
    """What is the matter with an old version; None for one that is new enough, or does not say."""
    number = parse_version(text)
    if number is None or number >= LEAST:
        return None
    return f"Ollama {text} is old: from 0.30.0 on it runs llama.cpp's own server and chooses batch and memory anew"
