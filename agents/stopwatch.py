"""Where the seconds of a run go: read off one clock without a gap, so that nothing is a remainder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopwatch:
    """Laps of a clock that gives monotonic seconds: all laps together are the time since the start. `total_s` is that
    and what another process had spent before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at_s = clock()
        self.total_s = 0.0

    def lap(self) -> float:
        """Seconds since the last lap."""
        now_s = self._clock()
        lap_s, self._at_s = now_s - self._at_s, now_s
        self.total_s += lap_s
        return lap_s

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """What happens in the block is not the run's time: a person is shown something, or asked."""
        held_s = self._clock() - self._at_s
        try:
            yield
        finally:
            self._at_s = self._clock() - held_s
