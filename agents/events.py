"""What a run tells while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.step import Step
from agents.tools.call import Call

if TYPE_CHECKING:
    from agents.state import State


@dataclass(frozen=True, slots=True)
class Called:
    """The policy has spoken in a cycle, and its calls are about to be carried out."""

    cycle: int
    thought: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A cycle of a resumed run from before it was stopped."""

    step: Step


def happened(before: State | None, after: State) -> list[Kept | Called | Step]:
    """What happened between two states that follow each other; of the first one of a resumed run, what was kept."""
    if before is None:
        return [Kept(step) for step in after.steps]
    events: list[Kept | Called | Step] = [*after.steps[len(before.steps) :]]
    if after.reply is not None and before.reply is None:
        events.append(Called(after.cycle, after.reply.thought, after.reply.calls))
    return events
