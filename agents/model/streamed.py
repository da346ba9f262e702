"""A model's chunks as one message, within a time."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterator

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_core.messages.utils import message_chunk_to_message

_INVENTED = re.compile(r"(?:^|\n|\}|</\w+>)[ \t]*(?P<result><(?:passage|tool_response)>)")
"""What only a tool's result begins with, in our frame or in Qwen's template: a model that writes it on a line of its
own or behind a call goes on to invent one, up to its limit of tokens, or repeats the last. In the middle of a line it
is spoken of."""
_TAIL_CHARS = 40
_ENDINGS = {"done_reason", "finish_reason"}
"""Engines say on the last chunk why they end."""


class _Gathering:
    """What has come by now. A model that does not stream sends one whole message."""

    def __init__(self, limit_s: float | None, whole: bool) -> None:
        self._keeps_all = whole
        self._ends_s = None if limit_s is None else time.monotonic() + limit_s
        self._chunks: list[AIMessageChunk] = []
        self._message: AIMessage | None = None
        self._late = False
        self._cut_at: int | None = None
        self._tail = "\n"

    def goes_on(self, chunk: BaseMessage) -> bool:
        """False when the time is up (seen between chunks only), or the model invents a result: of what was cut off
        the engine leaves no record."""
        if isinstance(chunk, AIMessageChunk):
            self._chunks.append(chunk)
            self._tail = self._tail[-_TAIL_CHARS:] + chunk.text
            if not self._keeps_all and _INVENTED.search(self._tail):
                self._cut_at = _invention("".join(one.text for one in self._chunks))
            if self._cut_at is not None:
                return False
        elif isinstance(chunk, AIMessage):
            self._message = chunk
        self._late = self._ends_s is not None and time.monotonic() > self._ends_s
        return not self._late

    def message(self) -> AIMessage:
        """One that was cut off by the clock says so as one does that ran into its limit of tokens; of an invented
        result nothing is left."""
        if self._message is not None or not self._chunks:
            return self._message or AIMessage("")
        message = message_chunk_to_message(add_ai_message_chunks(*self._chunks))
        assert isinstance(message, AIMessage)
        if self._late and not _ENDINGS & message.response_metadata.keys():
            message.response_metadata["done_reason"] = "length"
        if self._cut_at is not None:
            message.content = message.text[: self._cut_at].rstrip()
        return message


def _invention(text: str) -> int | None:
    """Where an invented result begins, behind thinking that its server has not taken out."""
    spoken_at = text.rfind("</think>") + 1
    if text.rfind("<think>") >= spoken_at:
        return None
    found = _INVENTED.search(text, spoken_at)
    return None if found is None else found.start("result")


def streamed(chunks: Iterator[BaseMessage], limit_s: float | None, *, whole: bool = False) -> AIMessage:
    """The chunks as one message; after `limit_s` seconds what has come by then. `whole`: an invented result in it does
    not end it."""
    gathering = _Gathering(limit_s, whole)
    for chunk in chunks:
        if not gathering.goes_on(chunk):
            break
    return gathering.message()


async def astreamed(chunks: AsyncIterator[BaseMessage], limit_s: float | None, *, whole: bool = False) -> AIMessage:
    """As `streamed`."""
    gathering = _Gathering(limit_s, whole)
    async for chunk in chunks:
        if not gathering.goes_on(chunk):
            break
    return gathering.message()
