"""One chat with an OpenAI-compatible server: what it sends, its errors and its record, whichever way it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import httpx

from inference.address import ServerAddress
from inference.errors import EngineError
from inference.openai.api import headers
from inference.openai.errors import (
    LONGER,
    ServerKind,
    cut,
    error_message,
    no_server,
    not_openai,
    refusal,
    silent,
)
from inference.openai.exchange import OpenAIExchange
from inference.openai.tokens import TokenCount
from inference.overflow import overflow_in, vllm_overflow_in
from inference.patience import Patience
from inference.record import MESSAGE_TOKENS, attach
from inference.token_estimate import prompt_text

DONE = b"[DONE]"
STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The server that is chatted with. `models`: what it serves, for the error where one is missing."""

    address: ServerAddress
    kind: ServerKind
    timeout_s: float
    count: TokenCount
    api_key: str | None = field(default=None, repr=False)
    models: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """Of an httpx client."""
        connect_s = min(self.timeout_s, 10.0)
        timeout = httpx.Timeout(self.timeout_s, connect=connect_s)
        return {"base_url": self.address.url, "headers": headers(self.api_key), "timeout": timeout}


class Turn:
    """One request: what the synchronous and the asynchronous way share."""

    def __init__(self, endpoint: Endpoint, payload: Mapping[str, Any]) -> None:
        more = payload.get("extra_body") or {}
        self.body = {name: value for name, value in payload.items() if name != "extra_body"} | dict(more)
        self._endpoint = endpoint
        self._patience = Patience(endpoint.timeout_s)
        self._exchange = OpenAIExchange(str(self.body.get("model")))
        self._ended = False

    def again(self) -> None:
        """The clock starts anew with every try."""
        self._exchange.arrivals.begin_again()

    def begins(self, response: httpx.Response) -> bool:
        """Called when the head of an answer is there: whether a stream of events begins; else the body is to be read
        and the response given to `pause`."""
        self._exchange.arrivals.headers = perf_counter()
        return response.status_code == 200 and response.headers.get("content-type", "").startswith(STREAM)

    def pause(self, response: httpx.Response) -> float:
        """Seconds until the next try. Raises the error where the server refuses for good, or answers something else."""
        status, body = response.status_code, response.text
        if status == 200 and error_message(body) is None:
            what = response.headers.get("content-type", "no content type")
            raise not_openai(self._endpoint.address.shown, f"a chat is answered with {what}")
        pause = self._patience.pause(status, body)
        if pause is None:
            raise self.refuse(status, body)
        return pause

    def refuse(self, status: int, body: str) -> EngineError:
        endpoint, model = self._endpoint, self._exchange.model
        said, longer = error_message(body) or "", LONGER[endpoint.kind]
        overflow = overflow_in(said, model, longer) or vllm_overflow_in(
            said, model, longer, counted=self._guess, output_tokens=self.body.get("max_tokens") or 0
        )
        if overflow is not None:
            self._learn(overflow.prompt_tokens)
            return overflow
        url = endpoint.address.shown
        return refusal(status, body, model=model, url=url, kind=endpoint.kind, there=endpoint.models)

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Errors of the connection, before the first byte of an answer and after it."""
        url, kind = self._endpoint.address.shown, self._endpoint.kind
        try:
            yield
        except httpx.ReadTimeout as error:
            raise silent(url, kind, self._endpoint.timeout_s) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise no_server(url, error) from error
        except httpx.TransportError as error:
            raise cut(url, kind, f"{type(error).__name__}: {error}") from error

    def event(self, field: str, value: bytes, at: float) -> dict[str, Any] | None:
        """Check one event and take its numbers; None for the end of the stream."""
        if value == DONE:
            self._ended = True
            return None
        text = value.decode("utf-8", "replace")
        try:
            event = json.loads(text)
        except ValueError:
            event = None
        if field == "error":
            raise self.refuse(200, json.dumps({"error": event or text}))
        if not isinstance(event, dict):
            raise not_openai(self._endpoint.address.shown, f"an event of the answer is {text[:60]!r}")
        if event.get("error") or event.get("object") == "error":
            raise self.refuse(200, text)
        self._exchange.see(_whole(event), at)
        return event

    def end(self) -> dict[str, Any]:
        """The last event of all, which carries the record alone. An answer that says why it ends is whole, even where
        the stream breaks off before it says [DONE]."""
        exchange = self._exchange
        if not self._ended and exchange.finish_reason is None:
            raise cut(self._endpoint.address.shown, self._endpoint.kind, "the stream ended without its last event")
        if exchange.prompt_tokens:
            self._learn(exchange.prompt_tokens)
        exchange.calls.check(exchange.finish_reason)
        last: dict[str, Any] = {"choices": []}
        attach(last, exchange.generation())
        return last

    def _guess(self) -> int:
        """What we think that the prompt counts."""
        return sum(self._endpoint.count(text) + MESSAGE_TOKENS for text in prompt_text(self.body))

    def _learn(self, counted: int) -> None:
        count = self._endpoint.count
        if not count.exact:
            count.estimate.learn(sum(count.estimate.message(text) for text in prompt_text(self.body)), counted)


def _whole(event: dict[str, Any]) -> dict[str, Any]:
    """langchain-openai drops a tool call without its place in the list, which some servers leave out."""
    for choice in event.get("choices") or ():
        for place, call in enumerate((choice.get("delta") or {}).get("tool_calls") or ()):
            call.setdefault("index", place)
            call["function"] = call.get("function") or {}
    return event
