"""The OpenAI dialect of the same server, under /v1."""

from __future__ import annotations

from collections.abc import Iterator
from time import time
from typing import Any

from tests.inference.stand_in.answers import Answer, Line, Refused, packed, whole
from tests.inference.stand_in.chat import as_one
from tests.inference.stand_in.speech import chat_lines
from tests.inference.stand_in.state import State

_JSON = "application/json"
_KINDS = {400: "invalid_request_error", 404: "not_found_error"}
_OPTIONS = {"max_tokens": "num_predict", "temperature": "temperature", "seed": "seed", "top_p": "top_p", "stop": "stop"}


def listed(state: State) -> Answer:
    entries = [{"id": n, "object": "model", "created": int(time()), "owned_by": "library"} for n in state.models]
    return whole({"object": "list", "data": entries}, kind=_JSON)


def completions(state: State, body: dict[str, Any]) -> Answer:
    try:
        name = state.named(body.get("model"))
        if name is None:
            raise Refused(404, f"model '{body.get('model')}' not found")
        lines = chat_lines(state, name, _as_chat(body))
        if not body.get("stream"):
            return _completed(body, as_one(lines))
        return Answer(_events(body, lines), "text/event-stream", streamed=True)
    except Refused as refused:
        return error(refused.status, refused.message)


def error(status: int, message: str) -> Answer:
    told = {"message": message, "type": _KINDS.get(status, "api_error"), "param": None, "code": None}
    return whole({"error": told}, status=status, kind=_JSON)


def _as_chat(body: dict[str, Any]) -> dict[str, Any]:
    options = {own: body[theirs] for theirs, own in _OPTIONS.items() if body.get(theirs) is not None}
    think = {"think": body["reasoning_effort"] != "none"} if "reasoning_effort" in body else {}
    return {**{k: body[k] for k in ("model", "messages", "tools") if k in body}, "options": options, **think}


def _head(body: dict[str, Any], kind: str) -> dict[str, Any]:
    head = {"id": "chatcmpl-590", "object": kind, "created": int(time()), "model": body["model"]}
    return head | {"system_fingerprint": "fp_ollama"}


def _completed(body: dict[str, Any], line: Line) -> Answer:
    if line is None:
        return Answer([None], streamed=True)
    if "error" in line:
        return error(500, line["error"])
    message = {"role": "assistant", **_said(line["message"])}
    reason = "tool_calls" if "tool_calls" in message else line["done_reason"]
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return whole(_head(body, "chat.completion") | {"choices": [choice], "usage": _usage(line)}, kind=_JSON)


def _events(body: dict[str, Any], lines: Iterator[Line]) -> Iterator[bytes | None]:
    head, first, called = _head(body, "chat.completion.chunk"), True, False
    for line in lines:
        if line is None:
            yield None
            return
        if "error" in line:
            yield _event({"error": {"message": line["error"], "type": "api_error", "param": None, "code": None}})
            return
        said = _said(line["message"])
        called = called or "tool_calls" in said
        if line["done"]:
            reason = "tool_calls" if called else line["done_reason"]
            yield _event(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
            if (body.get("stream_options") or {}).get("include_usage"):
                yield _event(head | {"choices": [], "usage": _usage(line)})
        else:
            delta = {"role": "assistant", **said} if first else said
            yield _event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        first = False
    yield b"data: [DONE]\n\n"


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + packed(value) + b"\n\n"


def _said(message: dict[str, Any]) -> dict[str, Any]:
    said = {"content": message["content"]}
    if "thinking" in message:
        said["reasoning"] = message["thinking"]
    if "tool_calls" in message:
        said["tool_calls"] = [_called(n, call) for n, call in enumerate(message["tool_calls"])]
    return said


def _called(place: int, call: dict[str, Any]) -> dict[str, Any]:
    """A call with its arguments as text, which is how this dialect has them."""
    function = {"name": call["function"]["name"], "arguments": packed(call["function"]["arguments"]).decode()}
    return {"id": call.get("id", f"call_{place}"), "index": place, "type": "function", "function": function}


def _usage(line: dict[str, Any]) -> dict[str, Any]:
    prompt, answer = line["prompt_eval_count"], line["eval_count"]
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
