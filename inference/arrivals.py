"""When the pieces of an answer arrived, and of which kind each was: the raw times of one generation."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, TypedDict

PieceKind = Literal["thinking", "answer", "call"]


class Times(TypedDict):
    """The fields of `inference.record.Generation` that our clock gives."""

    headers_s: float | None
    first_chunk_s: float | None
    ttft_s: float | None
    ttfa_s: float | None
    first_call_s: float | None
    last_token_s: float | None
    total_s: float | None
    thinking_chunks: int | None
    answer_chunks: int | None
    call_chunks: int | None
    queued_s: float | None


@dataclass(slots=True)
class Arrivals:
    """Readings of time.perf_counter; None until the step has happened. `queued_s` was spent on tries that a full queue
    turned away, and is no time of the model's; None: the engine has no queue. Of an answer that comes whole there are
    no pieces to count."""

    started: float = field(default_factory=perf_counter)
    headers: float | None = None
    first_chunk: float | None = None
    last_token: float | None = None
    ended: float | None = None
    first: dict[PieceKind, float] = field(default_factory=dict)
    chunks: dict[PieceKind, int] = field(default_factory=lambda: {"thinking": 0, "answer": 0, "call": 0})
    queued_s: float | None = 0.0

    def begin_again(self) -> None:
        """The request is sent once more."""
        self.queued_s = (self.queued_s or 0.0) + perf_counter() - self.started
        self.started = perf_counter()

    def chunk(self, at: float, *kinds: PieceKind) -> None:
        """A piece that arrived; with no kind it holds no token (a role, an empty text)."""
        if self.first_chunk is None:
            self.first_chunk = at
        for kind in kinds:
            self.first.setdefault(kind, at)
            self.chunks[kind] += 1
            self.last_token = at

    @property
    def first_token(self) -> float | None:
        """Of any kind."""
        return min(self.first.values(), default=None)

    def times(self) -> Times:
        """Seconds since the request was sent."""
        return {
            "headers_s": self._since(self.headers),
            "first_chunk_s": self._since(self.first_chunk),
            "ttft_s": self._since(self.first_token),
            "ttfa_s": self._since(self.first.get("answer")),
            "first_call_s": self._since(self.first.get("call")),
            "last_token_s": self._since(self.last_token),
            "total_s": self._since(self.ended),
            "thinking_chunks": self._pieces("thinking"),
            "answer_chunks": self._pieces("answer"),
            "call_chunks": self._pieces("call"),
            "queued_s": self.queued_s,
        }

    def _pieces(self, kind: PieceKind) -> int | None:
        return None if self.first_chunk is None else self.chunks[kind]

    def _since(self, at: float | None) -> float | None:
        return None if at is None else at - self.started
