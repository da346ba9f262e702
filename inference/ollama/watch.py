"""What one chat with Ollama is watched for, whichever way its lines are read: how it begins, is refused, goes on, ends.

It sets `truncate: false`, so that a prompt that is too long comes back as an error with both numbers instead of being
cut silently; it stamps each line as it arrives and keeps the fields that the client drops; and it raises our errors
where the server or the connection fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic_core import from_json

from inference.address import ServerAddress
from inference.errors import ContextOverflowError, EngineError, ToolCallError
from inference.ollama.errors import chat_refusal, cut, no_server, not_ollama, silent
from inference.ollama.exchange import Exchange, SlotCounts, finished
from inference.token_estimate import TokenEstimate, prompt_text

AskSlot = Callable[[], SlotCounts | None]
Line = Mapping[str, Any]
CONNECT_S = 10.0


class ChatWatch:
    """What the synchronous and the asynchronous way share: how a chat begins, is refused, goes on and ends."""

    def __init__(
        self, address: ServerAddress, timeout_s: float, estimate: TokenEstimate, ask_slot: AskSlot | None = None
    ) -> None:
        self.address = address
        self.timeout_s = timeout_s
        self._url = address.shown
        self.estimate = estimate
        self.ask_slot = ask_slot

    @property
    def options(self) -> dict[str, Any]:
        """Of an httpx client. Lines must be readable as they come, so no compression."""
        timeout = httpx.Timeout(self.timeout_s, connect=min(self.timeout_s, CONNECT_S))
        return {"base_url": self.address.url, "timeout": timeout, "headers": {"accept-encoding": "identity"}}

    def begin(self, params: Mapping[str, Any]) -> tuple[dict[str, Any], Exchange]:
        """The request's body and its record. A field without a value is left to the server."""
        body = {name: value for name, value in params.items() if value not in (None, "")} | {"truncate": False}
        body["messages"] = [{k: v for k, v in m.items() if v not in (None, [])} for m in params["messages"]]
        guess = sum(self.estimate.message(text) for text in prompt_text(body))
        return body, Exchange(str(body.get("model")), body.get("stream", True) is not False, guess)

    def refuse(self, status: int, body: str, exchange: Exchange) -> EngineError:
        error = chat_refusal(status, body, model=exchange.model, url=self._url)
        if isinstance(error, ContextOverflowError):
            self.estimate.learn(exchange.estimated_prompt, error.prompt_tokens)
        return error

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Errors of the connection, before the first byte of an answer and after it."""
        try:
            yield
        except httpx.ReadTimeout as error:
            raise silent(self._url, self.timeout_s) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise no_server(self._url, error) from error
        except httpx.TransportError as error:
            raise cut(self._url, f"{type(error).__name__}: {error}") from error

    def line(self, raw: bytes, exchange: Exchange, at: float) -> Line:
        """Check one line and take its numbers."""
        try:
            fields = from_json(raw)  # a third of json.loads's time, and there are thousands of lines
        except ValueError:
            fields = None
        if not isinstance(fields, dict):
            raise not_ollama(self._url, f"a line of the answer is {raw[:60].decode('utf-8', 'replace')!r}")
        if "error" in fields:
            raise self.refuse(200, raw.decode("utf-8", "replace"), exchange)
        for call in (fields.get("message") or {}).get("tool_calls") or ():
            _must_be_readable(call)
        exchange.see(fields, at)
        if exchange.done is not None:
            self._finish(exchange)
        return fields

    def to_ask(self, exchange: Exchange) -> AskSlot | None:
        """Whom to ask for the prompt's cached tokens, once, while the first token is on its way; None: nobody."""
        if self.ask_slot is None or exchange.asked or exchange.done is not None or not exchange.arrivals.first:
            return None
        exchange.asked = True
        return self.ask_slot

    def ended(self, exchange: Exchange) -> None:
        if exchange.done is None:
            raise cut(self._url, "the stream ended without its last line")

    def _finish(self, exchange: Exchange) -> None:
        prompt = (exchange.done or {}).get("prompt_eval_count")
        if prompt:
            self.estimate.learn(exchange.estimated_prompt, prompt)
        finished.set(exchange)


def _must_be_readable(call: Mapping[str, Any]) -> None:
    """Raise ToolCallError for a call whose arguments are no JSON object."""
    arguments = (call.get("function") or {}).get("arguments")
    if not isinstance(arguments, dict):
        raise ToolCallError(f"the model wrote a tool call whose arguments are {arguments!r:.200}", raw=str(arguments))


class Lines:
    """Whole lines out of pieces of bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        *whole, self._rest = (self._rest + piece).split(b"\n")
        return [line for line in whole if line.strip()]

    def rest(self) -> list[bytes]:
        return [self._rest] if self._rest.strip() else []
