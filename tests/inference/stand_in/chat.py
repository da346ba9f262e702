"""/api/chat, /api/generate and /api/embed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.inference.stand_in.answers import Answer, Line, Refused, now, refusal, stream, whole
from tests.inference.stand_in.speech import chat_lines, leaves
from tests.inference.stand_in.state import State


def chat(state: State, body: dict[str, Any]) -> Answer:
    name = must_have(state, body)
    if not body.get("messages"):
        return _loaded_only(state, name, body, {"message": {"role": "assistant", "content": ""}})
    lines = chat_lines(state, name, body)
    return stream(lines) if body.get("stream") is not False else _whole(as_one(lines))


def generate(state: State, body: dict[str, Any]) -> Answer:
    name = must_have(state, body)
    if not body.get("prompt"):
        return _loaded_only(state, name, body, {"response": ""})
    said = [{"role": "system", "content": body.get("system")}, {"role": "user", "content": body["prompt"]}]
    lines = chat_lines(state, name, {**body, "messages": said})
    if body.get("stream") is not False:
        return stream(_generated(line) for line in lines)
    return _whole(_generated(as_one(lines)))


def embed(state: State, body: dict[str, Any]) -> Answer:
    """Vectors that count letters, `width` of them."""
    name = must_have(state, body)
    model, (loaded, load_ns) = state.models[name], state.load(name, body)
    if model.capabilities is not None and "embedding" not in model.capabilities:
        raise Refused(501, "This server does not support embeddings. Start it with `--embeddings`")
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    if max((len(text.split()) for text in texts), default=0) > loaded.context and body.get("truncate") is False:
        raise Refused(400, "the input length exceeds the context length")
    letters = [chr(ord("a") + place) for place in range(state.width)]
    vectors = [[text.lower().count(letter) for letter in letters] for text in texts]
    times = {"total_duration": load_ns + 1_000_000, "load_duration": load_ns, "prompt_eval_count": 1}
    return whole({"model": body["model"], "embeddings": vectors, **times})


def must_have(state: State, body: dict[str, Any]) -> str:
    """The full name of the model that is asked for. Refused where it is not installed."""
    name = state.named(body.get("model"))
    if name is None:
        raise Refused(404, f"model '{body.get('model')}' not found")
    return name


def as_one(lines: Iterator[Line]) -> Line:
    """A stream's lines as the one answer to a request that wants no stream."""
    said: dict[str, Any] = {"role": "assistant", "content": ""}
    logprobs: list[Any] = []
    for line in lines:
        if line is None or "error" in line:
            return line
        message = line["message"]
        said["content"] += message["content"]
        for field in ("thinking", "tool_calls"):
            if field in message:
                said[field] = said[field] + message[field] if field in said else message[field]
        logprobs += line.get("logprobs", [])
        if line["done"]:
            return {**line, "message": said, **({"logprobs": logprobs} if logprobs else {})}
    return None


def _whole(line: Line) -> Answer:
    if line is None:
        return Answer([None], streamed=True)
    return refusal(500, line["error"]) if "error" in line else whole(line)


def _loaded_only(state: State, name: str, body: dict[str, Any], empty: dict[str, Any]) -> Answer:
    """Without a prompt the model is loaded, or with keep_alive 0 told to go, and nothing is measured."""
    if leaves(body):
        state.unload(name)
    else:
        state.load(name, body)
    reason = "unload" if leaves(body) else "load"
    return whole({"model": body["model"], "created_at": now(), **empty, "done": True, "done_reason": reason})


def _generated(line: Line) -> Line:
    """A line of a chat as /api/generate has it."""
    if line is None or "error" in line:
        return line
    message = line["message"]
    said = {"response": message["content"]} | ({"thinking": message["thinking"]} if "thinking" in message else {})
    ended = {"done_reason": line["done_reason"], "context": [1, 2, 3]} if line["done"] else {}
    head = {"model": line["model"], "created_at": line["created_at"], **said, "done": line["done"], **ended}
    return head | {field: value for field, value in line.items() if field not in (*head, "message")}
