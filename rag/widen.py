"""Room that is left in a prompt, filled with what stands beside the passages in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rag.pack import CountTokens, render
from rag.passage import Passage

Run = Callable[[int, int], Passage | None]
"""The passages of an index from one id to another as one; None where they are not of one page of one file."""

ROUNDS = 3
"""How far a passage grows to either side. Up to so much, more room held more of the evidence on lihua_world and
chunking_evaluation; what stands farther off is a place for another question."""


_NOWHERE = -1
"""No passage's id, and beside none."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Passages `first` to `last` (ids) as one."""

    first: int
    last: int
    passage: Passage
    tokens: int


@dataclass
class Widener:
    """Grows packed passages within a budget of tokens, the best first, and joins those that touch. For one question:
    it remembers what stands where.

    Nothing is left out for it: all that was packed stays. With budgets of 800 to 3,000 tokens the evidence was never
    less complete than without, and with 3,000 clearly more; docs/retrieval.md has the table.
    """

    run: Run
    count_tokens: CountTokens
    _known: dict[tuple[int, int], _Block | None] = field(default_factory=dict)

    def widened(self, packed: Sequence[Passage], budget: int) -> list[Passage]:
        """In the order of the best passage of each. `budget` is for all of them as they are rendered."""
        blocks = self._joined([self._single(one) for one in packed])
        for _ in range(ROUNDS):
            for first in [block.first for block in blocks]:
                for before, behind in ((0, 1), (1, 0)):
                    blocks = self._grown(blocks, first, before, behind, budget)
        return [replace(block.passage, score=_score(block, packed)) for block in blocks]

    def _grown(self, blocks: list[_Block], key: int, before: int, behind: int, budget: int) -> list[_Block]:
        """With the block that holds passage `key` wider by so many passages, if that can be had."""
        place, block = next((n, one) for n, one in enumerate(blocks) if one.first <= key <= one.last)
        wider = self._block(block.first - before, block.last + behind)
        if wider is None:
            return blocks
        changed = self._joined([*blocks[:place], wider, *blocks[place + 1 :]])
        return changed if sum(one.tokens for one in changed) <= budget else blocks

    def _joined(self, blocks: Sequence[_Block]) -> list[_Block]:
        """Each that touches or overlaps one before it becomes a part of that one."""
        joined: list[_Block] = []
        for block in blocks:
            for place, other in enumerate(joined):
                near = block.first <= other.last + 1 and other.first <= block.last + 1
                both = self._block(min(block.first, other.first), max(block.last, other.last)) if near else None
                if both is not None:
                    joined[place] = both
                    break
            else:
                joined.append(block)
        return joined if len(joined) == len(blocks) else self._joined(joined)

    def _block(self, first: int, last: int) -> _Block | None:
        key = first, last
        if key not in self._known:
            passage = self.run(first, last)
            self._known[key] = None if passage is None else _Block(first, last, passage, self._tokens(passage))
        return self._known[key]

    def _single(self, passage: Passage) -> _Block:
        """What the index does not have any more, since another process wrote, stays as it was found."""
        block = self._block(passage.id, passage.id)
        if block is not None and block.passage.text == passage.text and block.passage.file == passage.file:
            return block
        return _Block(_NOWHERE, _NOWHERE, passage, self._tokens(passage))

    def _tokens(self, passage: Passage) -> int:
        return self.count_tokens(render(10, passage)) + 2


def _score(block: _Block, packed: Sequence[Passage]) -> float | None:
    """The best of what it holds."""
    scores = [one.score for one in packed if block.first <= one.id <= block.last and one.score is not None]
    return max(scores, default=block.passage.score)
