"""Chats with Ollama over plain httpx, for langchain-ollama in the place of Ollama's own client: the one place for the
truth about every chat (see `inference.ollama.watch`). A full queue is waited for.

Lines stay plain dictionaries, which is all that langchain-ollama needs: the client's objects cost as much again for
each token.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from time import perf_counter
from typing import Any

import httpx

from inference.ollama.exchange import Exchange
from inference.ollama.watch import ChatWatch, Line, Lines
from inference.patience import Patience
from inference.proxied import ONE_SHOT, proxied


class Chats:
    """For `ChatOllama._client`: whatever has this method."""

    def __init__(self, watch: ChatWatch) -> None:
        self._watch = watch
        transport = proxied(httpx.HTTPTransport, watch.address, limits=ONE_SHOT)
        self._http = httpx.Client(transport=transport, **watch.options)

    def chat(self, **params: Any) -> Iterator[Line] | Line:
        """The lines of an answer as they come; of one that is not streamed its only line. Raises EngineError."""
        lines = self._lines(params)
        return lines if params.get("stream", True) else list(lines)[-1]

    def _lines(self, params: Mapping[str, Any]) -> Iterator[Line]:
        body, exchange = self._watch.begin(params)
        lines = Lines()
        with self._watch.reaching():
            response = self._begun(body, exchange)
            try:
                for piece in response.iter_raw():
                    at = perf_counter()
                    for raw in lines.feed(piece):
                        line = self._watch.line(raw, exchange, at)
                        if (ask := self._watch.to_ask(exchange)) is not None:
                            exchange.slot = ask()
                        yield line
            finally:
                response.close()
        for raw in lines.rest():
            yield self._watch.line(raw, exchange, perf_counter())
        self._watch.ended(exchange)

    def _begun(self, body: dict[str, Any], exchange: Exchange) -> httpx.Response:
        patience = Patience(self._watch.timeout_s)
        while True:
            response = self._http.send(self._http.build_request("POST", "/api/chat", json=body), stream=True)
            exchange.arrivals.headers = perf_counter()
            if response.status_code == 200:
                return response
            said = response.read().decode("utf-8", "replace")
            if (pause_s := patience.pause(response.status_code, said)) is None:
                raise self._watch.refuse(response.status_code, said, exchange)
            time.sleep(pause_s)
            exchange.arrivals.begin_again()


class AsyncChats:
    """For `ChatOllama._async_client`."""

    def __init__(self, watch: ChatWatch) -> None:
        self._watch = watch
        transport = proxied(httpx.AsyncHTTPTransport, watch.address, limits=ONE_SHOT)
        self._http = httpx.AsyncClient(transport=transport, **watch.options)

    async def chat(self, **params: Any) -> AsyncIterator[Line] | Line:
        """See `Chats.chat`."""
        lines = self._lines(params)
        return lines if params.get("stream", True) else [line async for line in lines][-1]

    async def _lines(self, params: Mapping[str, Any]) -> AsyncIterator[Line]:
        body, exchange = self._watch.begin(params)
        lines = Lines()
        with self._watch.reaching():
            response = await self._begun(body, exchange)
            try:
                async for piece in response.aiter_raw():
                    at = perf_counter()
                    for raw in lines.feed(piece):
                        line = self._watch.line(raw, exchange, at)
                        if (ask := self._watch.to_ask(exchange)) is not None:
                            exchange.slot = await asyncio.to_thread(ask)
                        yield line
            finally:
                await response.aclose()
        for raw in lines.rest():
            yield self._watch.line(raw, exchange, perf_counter())
        self._watch.ended(exchange)

    async def _begun(self, body: dict[str, Any], exchange: Exchange) -> httpx.Response:
        patience = Patience(self._watch.timeout_s)
        while True:
            request = self._http.build_request("POST", "/api/chat", json=body)
            response = await self._http.send(request, stream=True)
            exchange.arrivals.headers = perf_counter()
            if response.status_code == 200:
                return response
            said = (await response.aread()).decode("utf-8", "replace")
            if (pause_s := patience.pause(response.status_code, said)) is None:
                raise self._watch.refuse(response.status_code, said, exchange)
            await asyncio.sleep(pause_s)
            exchange.arrivals.begin_again()
