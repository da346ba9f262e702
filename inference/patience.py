"""How long a server is waited for that says that it cannot answer yet: it loads its model, or its queue is full."""

from __future__ import annotations

from time import monotonic

LOADING_S = 300.0
"""A model of 24 GB off a slow disk takes a few minutes."""
BUSY_S = 60.0
FIRST_S, LONGEST_S = 0.25, 5.0
"""Seconds between two tries: doubled each time, up to the longest."""
NOT_YET = (429, 503)
"""HTTP's own words for it: too many requests, service unavailable."""


class Patience:
    """Asked after every refusal: `pause` gives the seconds until the next try, or None once it is enough.

    `longest_s` bounds the whole, whatever the server says.
    """

    def __init__(self, longest_s: float) -> None:
        self._began = monotonic()
        self._longest_s = longest_s
        self._next_s = FIRST_S

    @property
    def waited_s(self) -> float:
        return monotonic() - self._began

    def pause(self, status: int, said: str) -> float | None:
        if status not in NOT_YET:
            return None
        limit = min(LOADING_S if "loading" in said.lower() else BUSY_S, self._longest_s)
        pause, self._next_s = self._next_s, min(self._next_s * 2, LONGEST_S)
        return pause if self.waited_s + pause <= limit else None
