"""An answer as it goes over the wire, and the forms that Ollama's answers have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Line = dict[str, Any] | None
"""A line of a stream; None cuts the connection."""
JSON = "application/json; charset=utf-8"


class Refused(Exception):
    """A request that is answered with another status than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Answer:
    """`pieces` go out one by one, None cuts the connection; an answer that is no stream has its length told."""

    pieces: Iterable[bytes | None] = ()
    kind: str | None = JSON
    status: int = 200
    streamed: bool = False


def whole(value: Any, *, status: int = 200, kind: str = JSON) -> Answer:
    return Answer([packed(value)], kind, status)


def refusal(status: int, message: str) -> Answer:
    return whole({"error": message}, status=status)


def stream(lines: Iterator[Line]) -> Answer:
    return Answer((None if line is None else packed(line) + b"\n" for line in lines), "application/x-ndjson", 200, True)


def last_of(lines: Iterator[Line]) -> Answer:
    """What is left of progress where no stream is wanted: its end."""
    *_, last = lines
    if last is None:
        return Answer([None], streamed=True)
    return refusal(500, last["error"]) if "error" in last else whole(last)


def packed(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def now(later_s: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=later_s)).isoformat().replace("+00:00", "Z")
