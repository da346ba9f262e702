"""llama.cpp in this process, over one GGUF file: loading it, its tokenizer and its stream of events."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
from pydantic import BaseModel

from inference.errors import EngineUnavailableError, GenerationError, ModelUnsuitableError
from inference.gguf.file import GgufFile
from inference.proxied import ONE_SHOT

BATCH = 512
"""Tokens of a prompt between two looks at whether to go on; as many as are computed at once anyway."""
SOCKET_PATH_LIMIT = 100
"""Bytes a path of a Unix socket may have on every system (macOS: 104)."""
KEPT_COUNTS = 256
"""Texts whose number of tokens is kept: the messages of some long runs."""


class _Caps(BaseModel):
    supports_tools: bool = False


class _Settings(BaseModel):
    n_ctx: int


class _Props(BaseModel):
    """What llama.cpp's /props says of the loaded model."""

    default_generation_settings: _Settings
    chat_template: str = ""
    chat_template_caps: _Caps = _Caps()
    model_ftype: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event of llama.cpp's chat stream and when it came, on time.perf_counter."""

    at: float
    event: Mapping[str, Any]


class GgufEngine:
    """A loaded model. `events` runs a chat, `close` frees it. `count` gives the tokens of a text by the model's
    own tokenizer, which never changes its mind: the last counts are kept."""

    def __init__(self, file: GgufFile, context_tokens: int, threads: int) -> None:
        xllamacpp = _import_engine()
        self.file = file
        self.version = str(xllamacpp.__version__)
        self.threads = threads
        self._folder = Path(tempfile.mkdtemp(prefix="speedking-"))
        self._socket = self._folder / "engine.sock"  # the ending tells llama.cpp that it is a socket
        key = secrets.token_hex(16)
        params = xllamacpp.CommonParams()
        params.model.path = str(file.path)
        params.n_ctx = context_tokens
        params.n_parallel = 1
        params.verbosity = -1
        params.ui = False
        params.n_threads_http = 2
        params.n_batch = BATCH
        # Its prompt cache in main memory (8 GiB) is for a server of many; the one slot keeps its own prefix.
        params.cache_ram_mib = 0
        # Threads that spin while they wait take the core from whoever works: 1.1 against 16.7 tokens/s here.
        for cpu in (params.cpuparams, params.cpuparams_batch):
            cpu.n_threads = self.threads
            cpu.poll = 0
        # The engine always listens. A socket in a folder of ours is out of reach for web pages and other
        # users, and works with no network at all; where there is none, a loopback port wants the key.
        params.api_keys = [key]
        if self._has_socket:
            params.hostnames = [str(self._socket)]
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise _not_loaded(file, context_tokens) from error
        self.address = "http://engine" if self._has_socket else str(self._server.listening_address)
        self._http = httpx.Client(
            base_url=self.address,
            transport=httpx.HTTPTransport(uds=str(self._socket) if self._has_socket else None, limits=ONE_SHOT),
            headers={"Authorization": f"Bearer {key}"},
            timeout=None,  # a long prompt says nothing for minutes
        )
        self.count = lru_cache(maxsize=KEPT_COUNTS)(self._count)
        self.props = _Props.model_validate_json(self._http.get("/props").content)

    @property
    def context_tokens(self) -> int:
        """The context in force."""
        return self.props.default_generation_settings.n_ctx

    @property
    def can_think(self) -> bool:
        """Whether the model's own template knows of thinking."""
        return "enable_thinking" in self.props.chat_template or "<think>" in self.props.chat_template

    def _count(self, text: str) -> int:
        return len(self._http.post("/tokenize", json={"content": text}).json()["tokens"])

    def events(self, request: Mapping[str, Any]) -> Iterator[Arrival]:
        """The events of one chat, as they come; one with an "error" where the engine refuses.

        Over the engine's own socket rather than its callback: to stop reading is then to stop the engine,
        also in the middle of a long prompt, and no thread of ours can outlive the interpreter.
        """
        try:
            with self._http.stream("POST", "/v1/chat/completions", json=request) as response:
                if response.status_code != 200:
                    yield Arrival(perf_counter(), json.loads(response.read()))
                    return
                for line in response.iter_lines():
                    name, _, value = line.partition(": ")
                    if name in ("data", "error") and value != "[DONE]":
                        yield Arrival(perf_counter(), json.loads(value) if name == "data" else {"error": value})
        except httpx.TransportError as error:
            raise GenerationError(
                f"llama.cpp broke off ({type(error).__name__}: {error})", next_step="try again"
            ) from error

    def close(self) -> None:
        """Free the model. The engine cannot be used afterwards."""
        self._http.close()
        with contextlib.suppress(AttributeError):
            del self._server
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _has_socket(self) -> bool:
        return os.name == "posix" and len(os.fsencode(self._socket)) <= SOCKET_PATH_LIMIT


def _import_engine() -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise EngineUnavailableError(
            f"the engine gguf needs xllamacpp ({error})", next_step="`pip install 'speedking[gguf]'`"
        ) from error
    return xllamacpp


def _not_loaded(file: GgufFile, context_tokens: int) -> ModelUnsuitableError:
    return ModelUnsuitableError(
        f"llama.cpp cannot load {file.path.name!r} ({file.architecture or 'no architecture'}, "
        f"{file.size_bytes:,} bytes) with a context of {context_tokens:,}",
        next_step="check the file is whole; try a smaller context or file, or a newer xllamacpp",
    )
