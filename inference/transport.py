"""The httpx transport under langchain-ollama's client: the one place for the truth about every chat.

It sets `truncate: false`, so that a prompt that is too long comes back as an error with both numbers
instead of being cut silently; it stamps each raw line as it arrives and keeps the fields that the client
drops; and it raises our errors where the server or the connection fails.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import httpx

from inference.errors import ContextOverflowError, EngineError
from inference.exchange import Exchange, SlotCounts, finished, prompt_text
from inference.ollama_address import OllamaAddress
from inference.ollama_errors import chat_refusal, cut, error_message, no_server, not_ollama, silent
from inference.proxied import proxied
from inference.token_estimate import TokenEstimate

ONE_SHOT = httpx.Limits(max_keepalive_connections=0)
"""A connection per chat: nothing stays open for nobody to close, and an event loop never meets the
connection of another. It costs a round trip, which is nothing beside an answer."""
AskSlot = Callable[[], SlotCounts | None]


class _Chat:
    """What the synchronous and the asynchronous transport share."""

    def __init__(self, address: OllamaAddress, estimate: TokenEstimate, ask_slot: AskSlot | None = None) -> None:
        self._url = address.shown
        self._estimate = estimate
        self._ask_slot = ask_slot

    def begin(self, request: httpx.Request, content: bytes) -> tuple[httpx.Request, Exchange]:
        body = json.loads(content)
        guess = sum(self._estimate.message(text) for text in prompt_text(body))
        waits_s = request.extensions.get("timeout", {}).get("read")
        exchange = Exchange(str(body.get("model")), body.get("stream", True) is not False, guess, waits_s)
        # Our own lines must be readable as they come, so no compression; the length changes with the body.
        dropped = {"content-length", "accept-encoding"}
        headers = [(k, v) for k, v in request.headers.multi_items() if k.lower() not in dropped]
        sent = httpx.Request(
            request.method,
            request.url,
            headers=[*headers, ("accept-encoding", "identity")],
            json={**body, "truncate": False},
            extensions=request.extensions,
        )
        return sent, exchange

    def refuse(self, status: int, body: bytes, exchange: Exchange) -> EngineError:
        text = body.decode("utf-8", "replace")
        error = chat_refusal(status, text, model=exchange.model, url=self._url)
        if isinstance(error, ContextOverflowError):
            self._estimate.learn(exchange.estimated_prompt, error.prompt_tokens)
        return error

    @contextmanager
    def reaching(self, exchange: Exchange) -> Iterator[None]:
        """Errors of the connection, before the first byte of an answer and after it."""
        try:
            yield
        except httpx.ReadTimeout as error:
            raise silent(self._url, exchange.waits_s) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise no_server(self._url, error) from error
        except httpx.TransportError as error:
            raise cut(self._url, f"{type(error).__name__}: {error}") from error

    def line(self, raw: bytes, exchange: Exchange, at: float) -> bytes:
        """Check one line and take its numbers; returns it for the client."""
        text = raw.decode("utf-8", "replace")
        try:
            fields = json.loads(text)
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            raise not_ollama(self._url, f"a line of the answer is {text[:60]!r}")
        if error_message(text) is not None:
            raise self.refuse(200, raw, exchange)
        waited = exchange.first_token is None
        exchange.see(fields, at)
        if waited and exchange.first_token is not None and self._ask_slot and exchange.done is None:
            exchange.slot = self._ask_slot()
        if exchange.done is not None:
            self._finish(exchange)
        return raw + b"\n"

    def ended(self, exchange: Exchange) -> None:
        if exchange.done is None:
            raise cut(self._url, "the stream ended without its last line")

    def _finish(self, exchange: Exchange) -> None:
        prompt = (exchange.done or {}).get("prompt_eval_count")
        if prompt:
            self._estimate.learn(exchange.estimated_prompt, prompt)
        finished.set(exchange)


class _Lines:
    """Whole lines out of pieces of bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        *whole, self._rest = (self._rest + piece).split(b"\n")
        return [line for line in whole if line.strip()]

    def rest(self) -> list[bytes]:
        return [self._rest] if self._rest.strip() else []


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, chat: _Chat, exchange: Exchange) -> None:
        self._stream, self._chat, self._exchange = stream, chat, exchange

    def __iter__(self) -> Iterator[bytes]:
        lines = _Lines()
        with self._chat.reaching(self._exchange):
            for piece in self._stream:
                at = perf_counter()
                for raw in lines.feed(piece):
                    yield self._chat.line(raw, self._exchange, at)
        for raw in lines.rest():
            yield self._chat.line(raw, self._exchange, perf_counter())
        self._chat.ended(self._exchange)

    def close(self) -> None:
        self._stream.close()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, chat: _Chat, exchange: Exchange) -> None:
        self._stream, self._chat, self._exchange = stream, chat, exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        lines = _Lines()
        with self._chat.reaching(self._exchange):
            async for piece in self._stream:
                at = perf_counter()
                for raw in lines.feed(piece):
                    yield self._chat.line(raw, self._exchange, at)
        for raw in lines.rest():
            yield self._chat.line(raw, self._exchange, perf_counter())
        self._chat.ended(self._exchange)

    async def aclose(self) -> None:
        await self._stream.aclose()


class ChatTransport(httpx.BaseTransport):
    """For `ChatOllama(sync_client_kwargs={"transport": ...})`."""

    def __init__(self, address: OllamaAddress, estimate: TokenEstimate, ask_slot: AskSlot | None = None) -> None:
        self._chat = _Chat(address, estimate, ask_slot)
        self._inner = proxied(httpx.HTTPTransport, address, limits=ONE_SHOT)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent, exchange = self._chat.begin(request, request.read())
        with self._chat.reaching(exchange):
            response = self._inner.handle_request(sent)
            if response.status_code != 200:
                body = response.read()
                response.close()
                raise self._chat.refuse(response.status_code, body, exchange)
        assert isinstance(response.stream, httpx.SyncByteStream)
        return httpx.Response(200, headers=response.headers, stream=_Stream(response.stream, self._chat, exchange))

    def close(self) -> None:
        self._inner.close()


class AsyncChatTransport(httpx.AsyncBaseTransport):
    """For `ChatOllama(async_client_kwargs={"transport": ...})`."""

    def __init__(self, address: OllamaAddress, estimate: TokenEstimate, ask_slot: AskSlot | None = None) -> None:
        self._chat = _Chat(address, estimate, ask_slot)
        self._inner = proxied(httpx.AsyncHTTPTransport, address, limits=ONE_SHOT)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent, exchange = self._chat.begin(request, await request.aread())
        with self._chat.reaching(exchange):
            response = await self._inner.handle_async_request(sent)
            if response.status_code != 200:
                body = await response.aread()
                await response.aclose()
                raise self._chat.refuse(response.status_code, body, exchange)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        stream = _AsyncStream(response.stream, self._chat, exchange)
        return httpx.Response(200, headers=response.headers, stream=stream)

    async def aclose(self) -> None:
        await self._inner.aclose()
