"""What it costs to begin a passage at a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from rag.document import Document, Table
from rag.split.units import Unit

# 1 is the cost of a passage that is empty or twice as long as wanted.
SECTION = -0.3
BLANK_LINE = 0.0
NEW_LINE = 0.1
SENTENCE = 0.5
WITHIN_SENTENCE = 1.0
LED_IN = 2.0
"""Below a heading, after a colon, and where a table begins: what stands before says what it is."""
NEVER = 10.0
"""Within a table that fits a passage, and below a header row."""


def begin_costs(document: Document, units: Sequence[Unit], rooms: Sequence[int]) -> list[float]:
    """For each unit of a page. `rooms`: tokens that fit a passage which begins with it."""
    whole = _whole(units, rooms)
    sections = {heading.start for heading in document.headings}
    costs = [0.0]
    for before, unit in pairwise(units):
        costs.append(_cost(document.text, before, unit, unit.table in whole, unit.start in sections))
    return costs


def _whole(units: Sequence[Unit], rooms: Sequence[int]) -> set[Table | None]:
    """The tables that fit a passage."""
    lengths = Counter[Table]()
    places: dict[Table, int] = {}
    for unit, room in zip(units, rooms, strict=True):
        if unit.table:
            lengths[unit.table] += unit.tokens
            places.setdefault(unit.table, room)
    return {table for table, tokens in lengths.items() if tokens <= places[table]}


def _cost(text: str, before: Unit, unit: Unit, whole: bool, section: bool) -> float:
    if unit.table and unit.table is before.table:
        if whole or before.start < unit.table.header_end:
            return NEVER
    elif before.is_heading or unit.table or text[before.end - 1] == ":":
        return LED_IN
    if section:
        return SECTION
    gap = text[before.end : unit.start]
    newlines = gap.count("\n")
    if newlines:
        return BLANK_LINE if newlines > 1 else NEW_LINE
    return SENTENCE if gap else WITHIN_SENTENCE
