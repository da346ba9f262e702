"""A small server that answers as vLLM does (fields, order of events, bodies of errors), and as a few others.

Taken from vLLM's source: vllm/entrypoints/openai (chat_completion/serving.py, engine/protocol.py),
vllm/entrypoints/serve (tokenize, middleware/authenticate.py) and vllm/renderers/params.py, as of 2026.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep
from types import TracebackType
from typing import Any, Self

TEMPLATE_TOKENS = 4
"""What the stand-in's chat template puts around a prompt; thinking switched off takes two more."""

Delta = dict[str, Any]


@dataclass
class Reply:
    """What the next chat does."""

    deltas: Sequence[Delta] = ({"content": "Paris"}, {"content": " it is"})
    finish: str | None = "stop"
    """None: the stream breaks off before."""
    usage: bool = True
    cached: int | None = None
    """As with --enable-prompt-tokens-details."""
    done: bool = True
    status: int = 200
    body: Any = None
    """With another status, or with 200 in the place of a stream. A text is sent as HTML."""
    error: Any = None
    """An event in the middle of the stream."""
    line: bytes | None = None
    """The same, raw."""
    pause_s: float = 0.0
    """Silence before the end."""


@dataclass
class Came:
    """A request."""

    path: str
    body: Any
    headers: dict[str, str]


@dataclass
class VllmStandIn:
    """`with VllmStandIn() as server:` then `server.url`. What came is in `asked`; the next chats do what `replies`
    say, the last of them again and again. A word is a token."""

    models: Sequence[dict[str, Any]] = ({"id": "Qwen/Qwen3-8B", "owned_by": "vllm", "max_model_len": 1000},)
    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    asked: list[Came] = field(default_factory=list)
    api_key: str | None = None
    tools: bool = True
    """As with --enable-auto-tool-choice."""
    whole: Reply | None = None
    """What a chat that is not streamed gets, such as the one that asks whether tools are taken."""
    metrics: str | None = None
    """Of /metrics; None as where it keeps them off."""
    keeps_prefix: bool = False
    """Whether what a prompt has in common with the one before is told as cached; the stand-in compares lengths."""
    thinks: bool = False
    """Whether its template knows of thinking."""
    tokenizes: bool = True
    version: str | None = "0.11.0"
    ollama: bool = False
    not_yet: int = 0
    """So many requests are turned away with 503, whatever they are."""
    prefix: str = ""
    url: str = ""
    before: int = 0
    """Tokens of the prompt before."""

    def __enter__(self) -> Self:
        self._http = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}{self.prefix}"
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def chats(self) -> list[Came]:
        """Without those that only ask whether tools are taken."""
        chats = (came for came in self.asked if came.path.endswith("/v1/chat/completions"))
        return [came for came in chats if came.body.get("stream")]

    def answer(self, came: Came) -> tuple[int, Any]:
        """Status and body of everything but a stream."""
        path = came.path.removeprefix(self.prefix).partition("?")[0]
        guarded = path.startswith("/v1") and self.api_key is not None
        if guarded and came.headers.get("authorization") != f"Bearer {self.api_key}":
            return 401, {"error": "Unauthorized"}
        if self.not_yet > 0:
            self.not_yet -= 1
            return 503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
        if path == "/v1/models":
            return 200, {"object": "list", "data": list(self.models)}
        if path == "/version" and self.version is not None:
            return 200, {"version": self.version}
        if path == "/api/version" and self.ollama:
            return 200, {"version": "0.33.0"}
        if path == "/metrics" and self.metrics is not None:
            return 200, self.metrics
        if path == "/tokenize" and self.tokenizes:
            return self._tokenize(came.body)
        if path == "/v1/chat/completions":
            return self._chat(came.body)
        return 404, {"detail": "Not Found"}

    def _tokenize(self, body: Any) -> tuple[int, Any]:
        tokens = self.counted(body) if "messages" in body else len(body["prompt"].split())
        if tokens > self._context:
            return 400, self._too_long(tokens, 0)
        return 200, {"count": tokens, "max_model_len": self._context, "tokens": list(range(tokens))}

    def _chat(self, body: Any) -> tuple[int, Any]:
        if body["model"] not in [model["id"] for model in self.models]:
            said = f"The model `{body['model']}` does not exist."
            return 404, {"error": {"message": said, "type": "NotFoundError", "param": "model", "code": 404}}
        if body.get("tools") and not self.tools:
            said = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
            return 400, {"error": {"message": said, "type": "BadRequestError", "param": None, "code": 400}}
        if self.counted(body) + body["max_tokens"] > self._context:
            return 400, self._too_long(self.counted(body), body["max_tokens"])
        if self.whole is not None and not body.get("stream"):
            sleep(self.whole.pause_s)
            return self.whole.status, self.whole.body
        return 200, {"choices": [{"message": {"role": "assistant", "content": "x"}}]}

    def counted(self, body: Any) -> int:
        off = (body.get("chat_template_kwargs") or {}).get("enable_thinking") is False
        words = sum(len((message.get("content") or "").split()) for message in body["messages"])
        return words + TEMPLATE_TOKENS + (2 if self.thinks and off else 0)

    @property
    def _context(self) -> int:
        return int(self.models[0].get("max_model_len") or 1000)

    def _too_long(self, tokens: int, output: int) -> Any:
        """It stops counting at one more than fit."""
        seen = min(tokens, self._context - output + 1)
        said = (
            f"This model's maximum context length is {self._context} tokens. However, you requested {output} output "
            f"tokens and your prompt contains at least {seen} input tokens, for a total of at least {seen + output} "
            "tokens. Please reduce the length of the input prompt or the number of requested output tokens."
        )
        return {"error": {"message": said, "type": "BadRequestError", "param": "input_tokens", "code": 400}}

    def events(self, reply: Reply, body: Any) -> Iterator[bytes | None]:
        """None cuts the connection."""

        def chunk(**more: Any) -> bytes:
            event = {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": body["model"],
                **more,
            }
            return b"data: " + json.dumps(event).encode() + b"\n\n"

        def choice(delta: Delta, finish: str | None = None) -> bytes:
            return chunk(choices=[{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}])

        yield choice({"role": "assistant", "content": ""})
        yield from (choice(delta) for delta in reply.deltas)
        sleep(reply.pause_s)
        if reply.line is not None:
            yield reply.line
        if reply.error is not None:
            yield b"data: " + json.dumps(reply.error).encode() + b"\n\n"
            yield b"data: [DONE]\n\n"
            return
        if reply.finish is None:
            yield None
            return
        yield choice({"content": ""}, reply.finish)
        if reply.usage:
            prompt, written = self.counted(body), len(reply.deltas)
            usage: dict[str, Any] = {"prompt_tokens": prompt, "total_tokens": prompt + written}
            usage["completion_tokens"] = written
            cached = min(self.before, prompt) if self.keeps_prefix else reply.cached
            self.before = prompt
            if cached is not None:
                usage["prompt_tokens_details"] = {"cached_tokens": cached}
            yield chunk(choices=[], usage=usage)
        if reply.done:
            yield b"data: [DONE]\n\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


def _handler(server: VllmStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # else each answer in two pieces waits 40 ms for an acknowledgement
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve(None)

        def do_POST(self) -> None:
            self._serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _serve(self, body: Any) -> None:
            came = Came(self.path, body, {k.lower(): v for k, v in self.headers.items()})
            server.asked.append(came)
            status, answer = server.answer(came)
            if status != 200 or not (body or {}).get("stream"):
                self._whole(status, answer)
                return
            reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
            if reply.status != 200 or reply.body is not None:
                self._whole(reply.status, reply.body)
            else:
                self._stream(server.events(reply, body))

        def _whole(self, status: int, body: Any) -> None:
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, events: Iterator[bytes | None]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream; charset=utf-8")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for event in events:
                if event is None:
                    self.close_connection = True
                    return
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    return Handler
