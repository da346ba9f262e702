"""The passages gathered in a run, numbered once for all of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rag.passage import Passage

Place = tuple[str, int | None, int, int]


def place(passage: Passage) -> Place:
    """What makes two hits the same passage: where it stands, whatever its score."""
    return passage.file, passage.page, passage.start, passage.end


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passages in the order in which they were first seen; the number of one is its place, from 1."""

    passages: tuple[Passage, ...] = ()

    def plus(self, found: Iterable[Passage]) -> Evidence:
        """With those of `found` that are new appended: no number ever changes."""
        known = {place(p): p for p in self.passages}
        for passage in found:
            known.setdefault(place(passage), passage)
        return Evidence(tuple(known.values()))

    def number(self, passage: Passage) -> int | None:
        """The 1-based number, None where it was not seen."""
        wanted = place(passage)
        return next((n for n, p in enumerate(self.passages, 1) if place(p) == wanted), None)
