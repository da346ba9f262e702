"""A small server that answers as Ollama does: the same statuses, fields and order of lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from types import TracebackType
from typing import Any, Self

OVERFLOW = "request ({} tokens) exceeds the available context size ({} tokens), try increasing it"
DONE = {
    "total_duration": 20_000_000,
    "load_duration": 1_000_000,
    "prompt_eval_duration": 5_000_000,
    "eval_duration": 12_000_000,
}


@dataclass
class Model:
    """One installed model. `parameters` as created; `served_context` is what the server gives a model
    that sets none."""

    capabilities: Sequence[str] | None = ("completion",)
    parameters: dict[str, Any] = field(default_factory=dict)
    family: str = "qwen2"
    size: int = 1_000_000
    weights: str = "a" * 64
    trained: int = 32_768
    remote_host: str | None = None
    modified: str = "2026-01-01T00:00:00Z"
    parameter_size: str = "1B"


@dataclass
class Turn:
    """What the next chat does. `lines` are the messages before the last line."""

    lines: Sequence[dict[str, Any]] = ({"content": "Paris"}, {"content": " it is"})
    done: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    error: str | None = None
    """The body's error with another status; with 200 an error line in the stream."""
    cut: bool = False
    """Close the connection before the last line."""
    pause_s: float = 0.0
    """Silence before the last line."""


@dataclass
class Asked:
    """A request that came."""

    path: str
    body: Any
    headers: dict[str, str]


class OllamaStandIn:
    """`with OllamaStandIn(models) as server:` then `server.url`. What came is in `asked`; the next chats
    do what `turns` says, the last of them again and again."""

    def __init__(self, models: dict[str, Model] | None = None, *, served_context: int = 4096) -> None:
        self.models = {"qwen:1b": Model()} if models is None else models
        self.served_context = served_context
        self.running: list[str] = []
        self.turns = [Turn()]
        self.asked: list[Asked] = []
        self.blobs: dict[str, bytes] = {}
        self.create_error: str | None = None
        self.load_error: str | None = None
        self.keeps_all = False
        """Refuses to delete."""
        self.forced_context: int | None = None
        self.width = 26
        self._http = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def chats(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == "/api/chat"]

    def context(self, name: str) -> int:
        return self.forced_context or int(self.models[name].parameters.get("num_ctx", self.served_context))

    def answer(self, method: str, path: str, body: Any) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """(status, line) pairs; a None line cuts the connection."""
        if path == "/api/version":
            yield 200, {"version": "0.33.0"}
        elif path == "/api/tags":
            yield 200, {"models": [self._tag(name) for name in self.models]}
        elif path == "/api/ps":
            yield 200, {"models": [{**self._tag(n), "context_length": self.context(n)} for n in self.running]}
        elif path == "/api/create":
            yield from self._create(body)
        elif (name := self._named(body)) is None:
            yield 404, {"error": f"model '{body['model']}' not found"}
        elif path == "/api/show":
            yield 200, self._show(name)
        elif path == "/api/delete":
            if not self.keeps_all:
                del self.models[name]
            yield (500, {"error": "read-only"}) if self.keeps_all else (200, {})
        elif path == "/api/generate" and self.load_error is not None:
            yield 500, {"error": self.load_error}
        elif path == "/api/generate":
            self._load(name)
            yield 200, {"model": name, "response": "", "done": True, "done_reason": "load"}
        elif path == "/api/embed":
            yield self._embed(name, body)
        elif path == "/api/chat":
            yield from self._chat(name, body)
        else:
            yield 404, {"error": "404 page not found"}

    def _named(self, body: Any) -> str | None:
        name = str(body["model"])
        return next((n for n in (name, f"{name}:latest") if n in self.models), None)

    def _load(self, name: str) -> None:
        """One runner a file of weights: with the same options it stays, under the name it has."""
        model = self.models[name]
        for other in [n for n in self.running if self.models[n].weights == model.weights]:
            if self.context(other) == self.context(name):
                return
            self.running.remove(other)
        self.running.append(name)

    def _tag(self, name: str) -> dict[str, Any]:
        model = self.models[name]
        tag: dict[str, Any] = {
            "name": name,
            "model": name,
            "modified_at": model.modified,
            "size": model.size,
            "digest": f"digest-of-{name}",
            "details": {"family": model.family, "parameter_size": model.parameter_size, "quantization_level": "Q4_K_M"},
        }
        if model.capabilities is not None:
            tag["capabilities"] = list(model.capabilities)
        return tag | ({"remote_host": model.remote_host} if model.remote_host else {})

    def _show(self, name: str) -> dict[str, Any]:
        model = self.models[name]
        shown: dict[str, Any] = {
            "modelfile": f"# made\nFROM /models/blobs/sha256-{model.weights}\n",
            "parameters": "\n".join(f"{k:<30} {json.dumps(v)}" for k, v in model.parameters.items()),
            "details": {"family": model.family, "parameter_size": model.parameter_size, "quantization_level": "Q4_K_M"},
            "model_info": {
                "general.architecture": model.family,
                f"{model.family}.context_length": model.trained,
                f"{model.family}.block_count": 8,
                f"{model.family}.embedding_length": 512,
                f"{model.family}.attention.head_count": 8,
                f"{model.family}.attention.head_count_kv": 2,
            },
        }
        return shown | ({} if model.capabilities is None else {"capabilities": list(model.capabilities)})

    def _create(self, body: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        """Stores any parameter, known or not, and reports success, as Ollama does."""
        if self.create_error is not None:
            yield 200, {"status": "parsing GGUF"}
            yield 200, {"error": self.create_error}
            return
        base = self._named({"model": body["from"]}) if "from" in body else None
        if "from" in body and base is None:
            yield 200, {"error": f"pull model manifest: {body['from']} not there"}
            return
        old = self.models[base] if base else Model(weights=next(iter(body["files"].values())).removeprefix("sha256:"))
        parameters = old.parameters | body.get("parameters", {})
        self.models[f"{body['model']}:latest"] = Model(
            old.capabilities, parameters, old.family, old.size, old.weights, old.trained
        )
        yield 200, {"status": f"using existing layer sha256:{old.weights}"}
        yield 200, {"status": "writing manifest"}
        yield 200, {"status": "success"}

    def _embed(self, name: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Vectors that count letters, `width` of them; a word is a token."""
        self._load(name)
        if max(len(text.split()) for text in body["input"]) > self.context(name) and body.get("truncate") is False:
            return 400, {"error": "the input length exceeds the context length"}
        letters = [chr(ord("a") + place) for place in range(self.width)]
        vectors = [[text.lower().count(letter) for letter in letters] for text in body["input"]]
        return 200, {"model": name, "embeddings": vectors, "prompt_eval_count": 1}

    def _chat(self, name: str, body: Any) -> Iterator[tuple[int, dict[str, Any] | None]]:
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        abilities = self.models[name].capabilities or ()
        for wanted, ability in ((body.get("think"), "thinking"), (body.get("tools"), "tools")):
            if wanted and ability not in abilities:
                yield 400, {"error": f'"{name}" does not support {ability}'}
                return
        tokens = sum(len((message.get("content") or "").split()) for message in body["messages"])
        if tokens > self.context(name) and body.get("truncate") is False:
            inner = {"code": 400, "message": OVERFLOW.format(tokens, self.context(name))}
            yield 400, {"error": json.dumps({"error": inner})}
            return
        if turn.status != 200:
            yield turn.status, {"error": turn.error}
            return
        self._load(name)
        for line in turn.lines:
            yield 200, {"model": name, "created_at": "now", "message": {"role": "assistant", **line}, "done": False}
        sleep(turn.pause_s)
        if turn.error is not None:
            yield 200, {"error": turn.error}
        elif turn.cut:
            yield 200, None
        else:
            counts = {"prompt_eval_count": min(tokens, self.context(name)), "eval_count": len(turn.lines)}
            last = {"model": name, "created_at": "now", "message": {"role": "assistant", "content": ""}}
            yield 200, {**last, "done": True, "done_reason": "stop", **DONE, **counts, **turn.done}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


def _handler(server: OllamaStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve(None)

        def do_HEAD(self) -> None:
            self.send_response(200 if self.path.rpartition(":")[2] in server.blobs else 404)
            self.end_headers()

        def do_DELETE(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/api/blobs/"):
                server.blobs[self.path.rpartition(":")[2]] = raw
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._serve(json.loads(raw))

        def _serve(self, body: Any) -> None:
            server.asked.append(Asked(self.path, body, {k.lower(): v for k, v in self.headers.items()}))
            answers = server.answer(self.command, self.path, body)
            status, line = next(answers)
            self.send_response(status)
            streamed = self.path in ("/api/chat", "/api/create") and status == 200
            self.send_header("Content-Type", "application/x-ndjson" if streamed else "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while line is not None:
                piece = json.dumps(line).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.flush()
                _, line = next(answers, (0, {"end": True}))
                if line == {"end": True}:
                    self.wfile.write(b"0\r\n\r\n")
                    return
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    return Handler
