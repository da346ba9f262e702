"""Server-sent events out of pieces of bytes, as far as a stream of chat chunks needs them."""

from __future__ import annotations

FIELDS = ("data", "error")
"""Older servers of llama.cpp name an error by a field of its own."""


class ServerEvents:
    """Lines of data as they come. Comments (llama.cpp sends one every 30 s, so that nobody thinks it dead), names of
    events and their numbers are left out. Every event of a chat is one line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[tuple[str, bytes]]:
        """(field, value) of each whole line; a line without an end is none, as the specification has it."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        return [event for line in whole if (event := _event(line)) is not None]


def _event(line: bytes) -> tuple[str, bytes] | None:
    name, colon, value = line.partition(b":")
    field = name.decode("ascii", "replace")
    return (field, value.strip()) if colon and field in FIELDS else None
