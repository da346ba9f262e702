"""A small server that answers as Ollama does: the same statuses, fields and order of lines."""

from __future__ import annotations

from threading import Thread
from types import TracebackType
from typing import Any, Self

from tests.inference.stand_in import changes, chat, library, openai
from tests.inference.stand_in.answers import Answer, Refused, refusal, whole
from tests.inference.stand_in.kinds import Asked, Model, Turn
from tests.inference.stand_in.state import State
from tests.inference.stand_in.wire import QuietServer, handler, parsed

__all__ = ["Asked", "Model", "OllamaStandIn", "Turn"]

_BODIES = {
    "/api/show": ("ShowRequest", library.show),
    "/api/create": ("CreateRequest", changes.create),
    "/api/pull": ("PullRequest", changes.pull),
    "/api/delete": ("DeleteRequest", changes.delete),
    "/api/generate": ("GenerateRequest", chat.generate),
    "/api/embed": ("EmbedRequest", chat.embed),
    "/api/chat": ("ChatRequest", chat.chat),
    "/v1/chat/completions": ("ChatCompletionRequest", openai.completions),
}
_JSON_KINDS: dict[type, str] = {str: "string", list: "array", bool: "bool", int: "number", float: "number"}


class OllamaStandIn(State):
    """`with OllamaStandIn(models) as server:` then `server.url`. What came is in `asked`; the next chats
    do what `turns` says. A word is a token."""

    def __init__(self, models: dict[str, Model] | None = None, *, served_context: int = 4096) -> None:
        super().__init__(models, served_context)
        self._http = QuietServer(("127.0.0.1", 0), handler(self._ask))
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    def chats(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == "/api/chat"]

    def _ask(self, method: str, path: str, raw: bytes, headers: dict[str, str]) -> Answer:
        if path.startswith("/api/blobs/"):
            return self._blob(method, path.rpartition(":")[2], raw)
        try:
            body = parsed(raw)
        except ValueError:
            return refusal(400, "invalid character looking for beginning of value")
        self.asked.append(Asked(path, body, headers))
        try:
            return self._answer(path, body)
        except Refused as refused:
            return refusal(refused.status, refused.message)

    def _answer(self, path: str, body: Any) -> Answer:
        if path == "/":
            return Answer([b"Ollama is running"], "text/plain; charset=utf-8")
        if path == "/api/version":
            return whole({"version": self.version})
        lists = {"/api/tags": library.tags, "/api/ps": library.processes, "/v1/models": openai.listed}
        if path in lists:
            return lists[path](self)
        if path not in _BODIES:
            return Answer([b"404 page not found"], "text/plain", status=404)
        kind, answer = _BODIES[path]
        if body is None:
            raise Refused(400, "missing request body")
        if not isinstance(body, dict):
            raise Refused(400, f"json: cannot unmarshal {_JSON_KINDS[type(body)]} into Go value of type api.{kind}")
        return answer(self, body)

    def _blob(self, method: str, digest: str, raw: bytes) -> Answer:
        if method == "HEAD":
            return Answer(kind=None, status=200 if digest in self.blobs else 404)
        self.blobs[digest] = raw
        return Answer(kind=None, status=201)
