"""Ollama's HTTP API, apart from chat: what is installed, what is loaded, and creating a model."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from inference.address import ServerAddress
from inference.connection import TIMEOUT_S
from inference.errors import GenerationError
from inference.ollama.errors import error_message, no_server, not_ollama, refusal, silent
from inference.ollama.types import Installed, Progress, Running, Shown
from inference.patience import BUSY_S, Patience
from inference.proxied import proxied

_Model = TypeVar("_Model", bound=BaseModel)
OnStatus = Callable[[str], None]

ANSWER_S = 10.0
"""Seconds after which a server that has the answer at hand counts as gone."""


class _Tags(BaseModel):
    models: tuple[Installed, ...]


class _Running(BaseModel):
    models: tuple[Running, ...]


class _Version(BaseModel):
    version: str


class _Embedded(BaseModel):
    embeddings: tuple[tuple[float, ...], ...]


class OllamaApi:
    """A connection to one server. Every method raises EngineUnavailableError where nobody, or something
    else than Ollama, answers; use it as a context manager or call `close`.

    `timeout_s` is the longest silence while the server works (loads, creates, takes in a file), `answer_s`
    that over a question whose answer it has at hand.
    """

    def __init__(self, address: ServerAddress, *, timeout_s: float = TIMEOUT_S, answer_s: float = ANSWER_S) -> None:
        self.address = address
        at_hand_s = min(timeout_s, answer_s)
        self._http = httpx.Client(
            base_url=address.url, transport=proxied(httpx.HTTPTransport, address), timeout=at_hand_s
        )
        self._working = httpx.Timeout(timeout_s, connect=at_hand_s)

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
        request = self._http.build_request("POST", "/api/generate", json={"model": model}, timeout=self._working)
        self._checked(request, model, working=True, patient=True)

    def embed(self, model: str, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        """A vector for each text, none of them cut. Raises TextTooLongError where one exceeds the context."""
        body = {"model": model, "input": list(texts), "truncate": False}
        return self._read(_Embedded, "POST", "/api/embed", body, working=True).embeddings

    def delete(self, model: str) -> None:
        """Take a model off the server; weights that another one shares stay. Raises ModelMissingError."""
        self._checked(self._http.build_request("DELETE", "/api/delete", json={"model": model}), model)

    def unload(self, model: str) -> None:
        """Ask for a model's memory back. The answer comes before the memory does: see `inference.ollama.unload`."""
        self._checked(self._http.build_request("POST", "/api/generate", json={"model": model, "keep_alive": 0}), model)

    def create(self, body: dict[str, Any], on_status: OnStatus) -> None:
        """POST /api/create, each status line to `on_status`. Raises GenerationError with the server's
        words where it ends without success."""
        self._run("/api/create", body, lambda line: on_status(line.status))

    def pull(self, model: str, on_progress: Callable[[Progress], None]) -> None:
        """POST /api/pull, each line to `on_progress`. The server keeps what it has of a download that broke off, and
        the next pull goes on there. Raises GenerationError with the server's words where it ends without success."""
        self._run("/api/pull", {"model": model}, on_progress)

    def _run(self, path: str, body: dict[str, Any], on_line: Callable[[Progress], None]) -> None:
        """A request that is answered line by line until "success". What goes wrong in `on_line` is no error of the
        server's, so it is called outside of what looks for those."""
        model, last = str(body["model"]), ""
        for progress in self._progress(path, body, model):
            last = progress.status
            on_line(progress)
        if last != "success":
            raise GenerationError(f"{path} of {model!r} ended with {last!r}", next_step="see the server's log")

    def _progress(self, path: str, body: dict[str, Any], model: str) -> Iterator[Progress]:
        answer = self._http.stream("POST", path, json=body, timeout=self._working)
        with self._reached(working=True), answer as response:
            if response.status_code != 200:
                raise refusal(response.status_code, response.read().decode(), model=model, url=self.address.shown)
            for line in filter(None, response.iter_lines()):
                if (message := error_message(line)) is not None:
                    raise refusal(200, json.dumps({"error": message}), model=model, url=self.address.shown)
                try:
                    yield Progress.model_validate_json(line)
                except ValidationError:
                    raise not_ollama(self.address.shown, f"{path} answers {line[:40]!r}") from None

    def has_blob(self, sha256: str) -> bool:
        """Whether the server has this file already."""
        with self._reached():
            return self._http.head(f"/api/blobs/sha256:{sha256}").status_code == 200

    def upload_blob(self, sha256: str, path: Path, on_sent: Callable[[int], None]) -> None:
        """Send a file to the server, 1 MiB at a time; `on_sent` gets the bytes sent so far."""
        size = {"Content-Length": str(path.stat().st_size)}
        url = f"/api/blobs/sha256:{sha256}"
        with path.open("rb") as file:
            content = _pieces(file, on_sent)
            request = self._http.build_request("POST", url, content=content, headers=size, timeout=self._working)
            self._checked(request, path.name, working=True)

    def _read(
        self, kind: type[_Model], method: str, path: str, body: dict[str, Any] | None = None, *, working: bool = False
    ) -> _Model:
        timeout = self._working if working else self._http.timeout
        request = self._http.build_request(method, path, json=body, timeout=timeout)
        response = self._checked(request, body["model"] if body else "", working=working, patient=working)
        try:
            return kind.model_validate_json(response.content)
        except ValidationError:
            what = response.headers.get("content-type", "no content type")
            raise not_ollama(self.address.shown, f"{path} answers with {what}") from None

    def _checked(
        self, request: httpx.Request, model: str, *, working: bool = False, patient: bool = False
    ) -> httpx.Response:
        """`patient`: a full queue is waited for, as with a chat; for a request that can be sent once more."""
        patience = Patience(self._working.read or BUSY_S)
        while True:
            with self._reached(working=working):
                response = self._http.send(request)
            if response.is_success:
                return response
            pause_s = patience.pause(response.status_code, response.text) if patient else None
            if pause_s is None:
                raise refusal(response.status_code, response.text, model=model, url=self.address.shown)
            time.sleep(pause_s)

    @contextmanager
    def _reached(self, *, working: bool = False) -> Iterator[None]:
        """A server that is `working` may be silent for long and is there all the same."""
        try:
            yield
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            if working and isinstance(error, httpx.ReadTimeout):
                raise silent(self.address.shown, self._working.read) from error
            raise no_server(self.address.shown, error) from error


def _pieces(file: BinaryIO, on_sent: Callable[[int], None]) -> Iterator[bytes]:
    sent = 0
    while piece := file.read(1 << 20):
        yield piece
        sent += len(piece)
        on_sent(sent)
