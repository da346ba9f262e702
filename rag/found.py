"""What a walk over the asked folder finds: its files, the links that are followed, and what is out of reach now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rag.document import Parsed


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the folder; `path` is relative to it, with "/". A folder that is not entered ends in "/"."""

    path: str
    size: int = 0
    mtime_ns: int = 0
    refused: Parsed | None = None
    """The outcome and reason of what is not read; its size and time are then left 0."""

    @property
    def away(self) -> str | None:
        """Why it is out of reach: a link to what is not there now, or something that may not be looked at."""
        return self.refused.reason if self.refused and self.refused.outcome == "failed" else None

    @property
    def below(self) -> str:
        """What the paths below it begin with, if it is or leads to a folder."""
        return f"{self.path.removesuffix('/')}/"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is followed: its path as in FoundFile, and where it leads."""

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Found:
    """Every file below the folder, what is ignored included, and every link; each in the order of paths."""

    files: tuple[FoundFile, ...]
    links: tuple[Link, ...]

    @property
    def meant(self) -> int:
        """How many files are not ignored."""
        return sum(file.refused is None or file.refused.outcome != "ignored" for file in self.files)

    def away(self, paths: Iterable[str]) -> set[str]:
        """Those of the paths that are out of reach, or lie below what is: they may well be there."""
        below = tuple(file.below for file in self.files if file.away)
        return {path for path in paths if f"{path}/".startswith(below)}
