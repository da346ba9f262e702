"""How much of a file is in the index."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extent:
    """A file that has passages; `pages` is the number of its last page, None where its format has none."""

    file: str
    pages: int | None
    passages: int
