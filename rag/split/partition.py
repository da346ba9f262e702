"""Where a row of units is best parted into passages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate


def partition(
    tokens: Sequence[int], costs: Sequence[float], rooms: Sequence[int], target: int
) -> list[tuple[int, int]]:
    """(first unit, unit behind the last) of each passage, in order: the cheapest way, as paragraphs are broken into
    lines (Knuth and Plass 1981).

    A passage that begins with unit i costs costs[i] and the square of its relative distance from `target` tokens,
    and holds at most rooms[i] tokens; a unit that is larger stands alone.
    """
    until = [0, *accumulate(tokens)]
    cheapest = [0.0] + [math.inf] * len(tokens)
    begins = [0] * (len(tokens) + 1)
    most = max(rooms, default=0)
    for behind in range(1, len(tokens) + 1):
        for first in range(behind - 1, -1, -1):
            filled = until[behind] - until[first]
            alone = first == behind - 1
            if filled > most and not alone:
                break
            if filled > rooms[first] and not alone:
                continue
            cost = cheapest[first] + costs[first] + (filled / target - 1) ** 2
            if cost < cheapest[behind]:
                cheapest[behind], begins[behind] = cost, first
    return list(reversed(list(_back(begins))))


def _back(begins: Sequence[int]) -> Iterator[tuple[int, int]]:
    behind = len(begins) - 1
    while behind:
        yield begins[behind], behind
        behind = begins[behind]
