"""Chats with an OpenAI-compatible server over plain httpx, for langchain-openai in the place of OpenAI's own client.

That client takes some 250 us for each token (an object of pydantic, made and taken apart again), drops the fields that
are not OpenAI's own (llama.cpp's `timings`, the pieces of thinking), and reads keys, addresses and headers out of the
environment. What langchain-openai needs of it is `create`, which gives events as plain dictionaries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from time import perf_counter, sleep
from types import TracebackType
from typing import Any, Self

import httpx

from inference.openai.sse import ServerEvents
from inference.openai.turn import Endpoint, Turn
from inference.proxied import ONE_SHOT, proxied

CHAT = "/v1/chat/completions"


class EventStream:
    """The events of one answer, and at last one with its record (see `Turn.end`)."""

    def __init__(self, response: httpx.Response, turn: Turn) -> None:
        self._response, self._turn = response, turn

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._response.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self._turn.reaching():
            yield from self._events()
        yield self._turn.end()

    def _events(self) -> Iterator[dict[str, Any]]:
        lines = ServerEvents()
        for piece in self._response.iter_raw():
            at = perf_counter()
            for field, value in lines.feed(piece):
                if (event := self._turn.event(field, value, at)) is None:
                    return
                yield event


class AsyncEventStream:
    """`EventStream` in an event loop."""

    def __init__(self, response: httpx.Response, turn: Turn) -> None:
        self._response, self._turn = response, turn

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._response.aclose()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        with self._turn.reaching():
            async for event in self._events():
                yield event
        yield self._turn.end()

    async def _events(self) -> AsyncIterator[dict[str, Any]]:
        lines = ServerEvents()
        async for piece in self._response.aiter_raw():
            at = perf_counter()
            for field, value in lines.feed(piece):
                if (event := self._turn.event(field, value, at)) is None:
                    return
                yield event


class Completions:
    """For `ChatOpenAI(client=...)`. `pause` sleeps between two tries."""

    def __init__(self, endpoint: Endpoint, pause: Callable[[float], None] = sleep) -> None:
        self._endpoint, self._pause = endpoint, pause
        transport = proxied(httpx.HTTPTransport, endpoint.address, limits=ONE_SHOT)
        self._http = httpx.Client(transport=transport, **endpoint.options)

    def create(self, **payload: Any) -> EventStream:
        """Begin a chat. Raises EngineError."""
        turn = Turn(self._endpoint, payload)
        while True:
            with turn.reaching():
                response = self._http.send(self._http.build_request("POST", CHAT, json=turn.body), stream=True)
                if turn.begins(response):
                    return EventStream(response, turn)
                response.read()
            self._pause(turn.pause(response))
            turn.again()


class AsyncCompletions:
    """For `ChatOpenAI(async_client=...)`."""

    def __init__(self, endpoint: Endpoint, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._endpoint, self._pause = endpoint, pause
        transport = proxied(httpx.AsyncHTTPTransport, endpoint.address, limits=ONE_SHOT)
        self._http = httpx.AsyncClient(transport=transport, **endpoint.options)

    async def create(self, **payload: Any) -> AsyncEventStream:
        """Begin a chat. Raises EngineError."""
        turn = Turn(self._endpoint, payload)
        while True:
            with turn.reaching():
                request = self._http.build_request("POST", CHAT, json=turn.body)
                response = await self._http.send(request, stream=True)
                if turn.begins(response):
                    return AsyncEventStream(response, turn)
                await response.aread()
            await self._pause(turn.pause(response))
            turn.again()
