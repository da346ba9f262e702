"""Ollama's HTTP API, apart from chat: what is installed, what is loaded, and creating a model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from inference.errors import GenerationError
from inference.ollama_address import OllamaAddress, proxy_for
from inference.ollama_errors import error_message, no_server, not_ollama, refusal
from inference.ollama_types import Installed, Running, Shown

_Model = TypeVar("_Model", bound=BaseModel)
OnStatus = Callable[[str], None]


class _Tags(BaseModel):
    models: tuple[Installed, ...]


class _Running(BaseModel):
    models: tuple[Running, ...]


class _Version(BaseModel):
    version: str


class OllamaApi:
    """A connection to one server. Every method raises EngineUnavailableError where nobody, or something
    else than Ollama, answers; use it as a context manager or call `close`."""

    def __init__(self, address: OllamaAddress, *, timeout_s: float = 600.0) -> None:
        self.address = address
        self._http = httpx.Client(
            base_url=address.url,
            transport=httpx.HTTPTransport(proxy=proxy_for(address)),
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def version(self) -> str | None:
        """The server's version; None for a build from source, which calls itself 0.0.0."""
        version = self._read(_Version, "GET", "/api/version").version
        return None if version == "0.0.0" else version

    def installed(self) -> tuple[Installed, ...]:
        """Every model on the server, the last changed first."""
        return self._read(_Tags, "GET", "/api/tags").models

    def running(self) -> tuple[Running, ...]:
        """Every loaded model."""
        return self._read(_Running, "GET", "/api/ps").models

    def show(self, model: str) -> Shown:
        """What the server knows of one model. Raises ModelMissingError."""
        return self._read(Shown, "POST", "/api/show", {"model": model})

    def load(self, model: str) -> None:
        """Load a model with its own options, as its next chat would; at once where it is loaded so."""
        self._checked(self._http.build_request("POST", "/api/generate", json={"model": model}), model)

    def create(self, body: dict[str, Any], on_status: OnStatus) -> None:
        """POST /api/create, each status line to `on_status`. Raises GenerationError with the server's
        words where it ends without success."""
        model = str(body["model"])
        last = ""
        with self._reached(), self._http.stream("POST", "/api/create", json=body) as response:
            if response.status_code != 200:
                raise refusal(response.status_code, response.read().decode(), model=model, url=self.address.shown)
            for line in response.iter_lines():
                if (message := error_message(line)) is not None:
                    raise refusal(200, json.dumps({"error": message}), model=model, url=self.address.shown)
                last = str(json.loads(line).get("status", "")) if line else last
                on_status(last)
        if last != "success":
            raise GenerationError(f"creating {model!r} ended with {last!r}", next_step="see the server's log")

    def has_blob(self, sha256: str) -> bool:
        """Whether the server has this file already."""
        with self._reached():
            return self._http.head(f"/api/blobs/sha256:{sha256}").status_code == 200

    def upload_blob(self, sha256: str, path: Path, on_sent: Callable[[int], None]) -> None:
        """Send a file to the server, 1 MiB at a time; `on_sent` gets the bytes sent so far."""
        size = {"Content-Length": str(path.stat().st_size)}
        url = f"/api/blobs/sha256:{sha256}"
        self._checked(self._http.build_request("POST", url, content=_pieces(path, on_sent), headers=size), path.name)

    def _read(self, kind: type[_Model], method: str, path: str, body: dict[str, str] | None = None) -> _Model:
        request = self._http.build_request(method, path, json=body)
        response = self._checked(request, body["model"] if body else "")
        try:
            return kind.model_validate_json(response.content)
        except ValidationError:
            what = response.headers.get("content-type", "no content type")
            raise not_ollama(self.address.shown, f"{path} answers with {what}") from None

    def _checked(self, request: httpx.Request, model: str) -> httpx.Response:
        with self._reached():
            response = self._http.send(request)
        if not response.is_success:
            raise refusal(response.status_code, response.text, model=model, url=self.address.shown)
        return response

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, OSError) as error:
            raise no_server(self.address.shown, error) from error
        except httpx.InvalidURL as error:
            raise no_server(self.address.shown, error) from error


def _pieces(path: Path, on_sent: Callable[[int], None]) -> Iterator[bytes]:
    sent = 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece
            sent += len(piece)
            on_sent(sent)
