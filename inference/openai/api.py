"""An OpenAI-compatible server's HTTP API, apart from chat: its models, what it is, and its tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import sleep
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from inference.address import ServerAddress
from inference.errors import EngineError, ModelUnsuitableError
from inference.openai.errors import error_message, no_server, not_openai, refusal, silent
from inference.openai.types import Listed, Models, Props, Tokens, Version
from inference.patience import Patience
from inference.proxied import proxied

_Model = TypeVar("_Model", bound=BaseModel)
ANSWER_S = 10.0
"""Seconds after which a server that has the answer at hand counts as gone."""
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
"""The least tool that there can be."""
HELLO = ({"role": "user", "content": "Hi"},)


def headers(api_key: str | None) -> dict[str, str]:
    """All that a request tells of us. Nothing of the environment is in it."""
    known = {"user-agent": "speedking", "accept-encoding": "identity"}
    return known | ({"authorization": f"Bearer {api_key}"} if api_key else {})


class OpenAIApi:
    """A connection to one server. Every method raises EngineUnavailableError where nobody, or something else, answers,
    or where it refuses the key; use it as a context manager or call `close`. A server that loads its model is waited
    for (see `patience`); `pause` sleeps."""

    def __init__(
        self,
        address: ServerAddress,
        *,
        api_key: str | None = None,
        timeout_s: float,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._pause = pause
        at_hand_s = min(timeout_s, ANSWER_S)
        self._working = httpx.Timeout(timeout_s, connect=at_hand_s)
        self._http = httpx.Client(
            base_url=address.url,
            transport=proxied(httpx.HTTPTransport, address),
            headers=headers(api_key),
            timeout=at_hand_s,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def models(self) -> tuple[Listed, ...]:
        """Every model that it serves."""
        response = self._checked("GET", "/v1/models")
        try:
            return Models.model_validate_json(response.content).data
        except ValidationError:
            what = response.headers.get("content-type", "no content type")
            raise not_openai(self.address.shown, f"/v1/models answers with {what}") from None

    def props(self, model: str) -> Props | None:
        """llama.cpp's own; None from another server. One of many models loads this one for it."""
        return self._own(Props, "/props", {"model": model}, self._working)

    def version(self, path: str = "/version") -> str | None:
        """vLLM's version, or Ollama's at /api/version; None from another server."""
        told = self._own(Version, path)
        return told.version if told else None

    def metrics(self) -> str | None:
        """vLLM's or llama.cpp's metrics as text; None where it has none or keeps them off."""
        with self._reached():
            response = self._http.get("/metrics")
        return response.text if response.is_success else None

    def tokens(self, model: str, field: str, given: object, **more: object) -> int:
        """How many tokens /tokenize counts: `field` is "content" at llama.cpp, "prompt" or "messages" at vLLM.
        Raises EngineError where the server cannot tell."""
        response = self._checked("POST", "/tokenize", {"model": model, field: given, **more})
        try:
            return len(Tokens.model_validate_json(response.content).tokens)
        except ValidationError:
            raise not_openai(self.address.shown, "/tokenize answers something else") from None

    def takes_tools(self, model: str) -> bool | None:
        """Whether a chat with a tool is answered; one token is written for it. None where that cannot be told: the
        server is busy or silent, or refuses for another reason."""
        body = {"model": model, "messages": HELLO, "tools": [TOOL], "max_tokens": 1}
        try:
            response = self._answer("POST", "/v1/chat/completions", body, working=True)
        except EngineError:
            return None
        if response.is_success:
            return True
        told = response.is_client_error and "tool" in (error_message(response.text) or "").lower()
        return False if told or isinstance(self._refusal(response, model), ModelUnsuitableError) else None

    def _own(
        self,
        kind: type[_Model],
        path: str,
        params: Mapping[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
    ) -> _Model | None:
        """An answer that only some servers give. A refused key is an error also here."""
        with self._reached():
            response = self._http.get(path, params=params, timeout=timeout or self._http.timeout)
        if response.status_code in (401, 403) and error_message(response.text) is not None:
            raise self._refusal(response, "")
        try:
            return kind.model_validate_json(response.content) if response.is_success else None
        except ValidationError:
            return None

    def _checked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        response = self._answer(method, path, body)
        if not response.is_success:
            raise self._refusal(response, "")
        return response

    def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, working: bool = False
    ) -> httpx.Response:
        """What it says once it can answer, a refusal too."""
        patience = Patience(self._timeout_s)
        timeout = self._working if working else self._http.timeout
        while True:
            with self._reached(working=working):
                response = self._http.request(method, path, json=body, timeout=timeout)
            pause = None if response.is_success else patience.pause(response.status_code, response.text)
            if pause is None:
                return response
            self._pause(pause)

    def _refusal(self, response: httpx.Response, model: str) -> EngineError:
        if response.status_code == 404 and not model:
            return not_openai(self.address.shown, f"it has no {response.url.path}")
        return refusal(response.status_code, response.text, model=model, url=self.address.shown, kind="unknown")

    @contextmanager
    def _reached(self, *, working: bool = False) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            if working and isinstance(error, httpx.ReadTimeout):
                raise silent(self.address.shown, "unknown", self._timeout_s) from error
            raise no_server(self.address.shown, error) from error
