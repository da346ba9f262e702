"""One request to /api/chat as its raw lines tell it: the time of each step and the last line's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from inference.arrivals import Arrivals, PieceKind
from inference.record import CachedSource, Generation

NANO = 1e-9


@dataclass(frozen=True, slots=True)
class SlotCounts:
    """What the runner's /slots says of the prompt it is answering: tokens computed, tokens from the cache."""

    processed: int
    cached: int


@dataclass(slots=True)
class Exchange:
    """One request and its answer so far. Of an answer that comes whole, no piece has a time."""

    model: str
    streamed: bool
    estimated_prompt: int = 0
    """What we thought the prompt would count, in tokens."""
    arrivals: Arrivals = field(default_factory=Arrivals)
    done: Mapping[str, Any] | None = None
    """The last line as it came, with the fields that the client drops."""
    asked: bool = False
    slot: SlotCounts | None = None
    """Asked for while the answer was being written; counts only where it adds up to the prompt."""

    def see(self, line: Mapping[str, Any], at: float) -> None:
        """Take in one line that arrived `at`."""
        message = line.get("message") or {}
        if self.streamed:
            self.arrivals.chunk(at, *[kind for field, kind in _KINDS if message.get(field)])
        if line.get("done") is True:
            self.arrivals.ended, self.done = at, line

    def generation(self) -> Generation:
        """The record of a finished exchange; what the server left out stays None."""
        done = self.done or {}
        told = done.get("prompt_eval_cached_count")
        cached = self._slot_cached(done.get("prompt_eval_count")) if told is None else told
        source: CachedSource = "slots" if told is None else "field"
        return Generation(
            engine="ollama",
            model=self.model,
            prompt_tokens=done.get("prompt_eval_count"),
            cached_tokens=cached,
            cached_source=None if cached is None else source,
            decode_tokens=done.get("eval_count"),
            load_s=_seconds(done.get("load_duration")),
            prefill_s=_seconds(done.get("prompt_eval_duration")),
            decode_s=_seconds(done.get("eval_duration")),
            engine_total_s=_seconds(done.get("total_duration")),
            done_reason=done.get("done_reason"),
            **self.arrivals.times(),
        )

    def _slot_cached(self, prompt_tokens: int | None) -> int | None:
        slot = self.slot
        return slot.cached if slot and slot.processed + slot.cached == prompt_tokens else None


_KINDS: tuple[tuple[str, PieceKind], ...] = (("thinking", "thinking"), ("content", "answer"), ("tool_calls", "call"))


finished: ContextVar[Exchange | None] = ContextVar("finished", default=None)
"""The exchange whose last line was just handed on in this thread or task. The transport sets it, and the
chat model reads it when that very line has become its last chunk: no other stream can come between."""


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds * NANO
