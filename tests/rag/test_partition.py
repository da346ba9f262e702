from __future__ import annotations

import itertools

import pytest

from rag.split.partition import partition


def test_equal_units_are_parted_evenly() -> None:
    # Six of 10 at a target of 30: three and three.
    assert partition([10] * 6, [0.0] * 6, [60] * 6, 30) == [(0, 3), (3, 6)]


def test_a_cheaper_place_outweighs_the_length() -> None:
    # Two and four miss the target of 30 by a third each: 2/9, less than the 1 of the place in the middle.
    assert partition([10] * 6, [0, 1, 0, 1, 1, 1], [60] * 6, 30) == [(0, 2), (2, 6)]


def test_the_room_depends_on_where_a_passage_begins() -> None:
    # Nothing but the first unit leaves room for two.
    assert partition([10] * 4, [0.0] * 4, [20, 10, 10, 10], 40) == [(0, 2), (2, 3), (3, 4)]


def test_a_unit_larger_than_the_room_stands_alone() -> None:
    assert partition([5, 90, 5], [0.0] * 3, [20] * 3, 10) == [(0, 1), (1, 2), (2, 3)]


def test_nothing_has_no_parts() -> None:
    assert partition([], [], [], 10) == []


@pytest.mark.parametrize("seed", range(5))
def test_no_other_way_is_cheaper(seed: int) -> None:
    tokens = [(7 * place + 3 * seed) % 11 + 1 for place in range(8)]
    costs = [(5 * place + seed) % 4 / 4 for place in range(8)]

    def cost(cuts: tuple[int, ...]) -> float:
        places = [0, *cuts, 8]
        filled = [sum(tokens[first:behind]) for first, behind in itertools.pairwise(places)]
        return sum(costs[first] for first in places[:-1]) + sum((one / 12 - 1) ** 2 for one in filled)

    ways = [cuts for count in range(8) for cuts in itertools.combinations(range(1, 8), count)]
    found = partition(tokens, costs, [100] * 8, 12)
    assert cost(tuple(first for first, _ in found[1:])) == pytest.approx(min(map(cost, ways)))
