"""How long a run may go on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from inference.errors import UsageError

MAX_CYCLES = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """The context's size is not among them: it is the model's, and `model_policy` keeps it.

    Every call of the model is a cycle, a turn that brought nothing included; the last answering call
    comes on top of `max_cycles`. After `wall_s` seconds (None: no limit) no further cycle begins, and the
    last answering call may take `closing_s` more. `max_repairs` is how many calls in a row may have been
    written as text; `max_calls` how many of one turn are carried out: some small models write ten, and every result is
    prompt to be read. `trim` False: a transcript that outgrows the context ends the run as "overflow" at
    once; True: its old observations are shortened, the step is marked, and the policy asked once more.
    """

    max_cycles: int = MAX_CYCLES
    wall_s: float | None = None
    closing_s: float = 60.0
    max_repairs: int = 3
    max_calls: int = 4
    trim: bool = True

    def __post_init__(self) -> None:
        if self.max_cycles < 1:
            raise UsageError(f"{self.max_cycles} cycles is no run.", next_step="Ask for at least one cycle.")
        if self.wall_s is not None and not 0 < self.wall_s < math.inf:
            raise UsageError(
                f"A limit of {self.wall_s:g} seconds is no run.", next_step="Give a number above 0, or none."
            )
