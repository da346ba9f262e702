"""What a model says to a prompt: the lines of a streamed chat, from which every other form of an answer is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from time import sleep
from typing import Any

from tests.inference.stand_in.answers import Line, Refused, now
from tests.inference.stand_in.kinds import Model, Turn
from tests.inference.stand_in.prompts import Prompt, read
from tests.inference.stand_in.state import State

PREFILL_NS, DECODE_NS = 20_000, 500_000
"""Of a new token of the prompt, and of one of the answer."""
LEAST_PREFILL_NS, LEAST_DECODE_NS, REST_NS = 5_000_000, 12_000_000, 2_000_000


@dataclass(frozen=True, slots=True)
class _Work:
    """What an answer costs; `limit` is its longest length in tokens, None without one."""

    prompt: Prompt
    load_ns: int
    limit: int | None
    cached_told: bool

    def metrics(self, tokens: int) -> dict[str, int]:
        prefill_ns = max(LEAST_PREFILL_NS, PREFILL_NS * (self.prompt.tokens - self.prompt.cached))
        decode_ns = max(LEAST_DECODE_NS, DECODE_NS * tokens)
        cached = {"prompt_eval_cached_count": self.prompt.cached} if self.cached_told else {}
        return {
            "total_duration": self.load_ns + prefill_ns + decode_ns + REST_NS,
            "load_duration": self.load_ns,
            "prompt_eval_count": self.prompt.tokens,
            **cached,
            "prompt_eval_duration": prefill_ns,
            "eval_count": tokens,
            "eval_duration": decode_ns,
        }


def leaves(body: dict[str, Any]) -> bool:
    """Whether a request wants the model gone after it."""
    return body.get("keep_alive") in (0, "0", "0s")


def chat_lines(state: State, name: str, body: dict[str, Any]) -> Iterator[Line]:
    """Whatever is refused is refused before the first line."""
    model = state.models[name]
    _must_be_able(model, name, body)
    loaded, load_ns = state.load(name, body)
    options = model.parameters | (body.get("options") or {})
    prompt = read(state, loaded, body, options)
    turn = state.next_turn()
    if turn.status != 200:
        raise Refused(turn.status, str(turn.error))
    work = _Work(prompt, load_ns, _limit(options, prompt), state.cached_counts)
    return _told(state, name, body, _lines(_spoken(model, turn, body), turn, work))


def _must_be_able(model: Model, name: str, body: dict[str, Any]) -> None:
    able = model.capabilities or ()
    if body.get("think") and "thinking" not in able:
        raise Refused(400, f'"{body["model"]}" does not support thinking')
    if body.get("tools") and "tools" not in able:
        raise Refused(400, f"registry.example/library/{name} does not support tools")


def _limit(options: dict[str, Any], prompt: Prompt) -> int | None:
    wanted = int(options.get("num_predict", -1))
    return min((limit for limit in (wanted, prompt.room) if limit is not None and limit > 0), default=None)


def _spoken(model: Model, turn: Turn, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    thinks = "thinking" in (model.capabilities or ()) and body.get("think") is not False
    thoughts = ({"content": "", "thinking": thought} for thought in model.thoughts if thinks)
    for message in chain(thoughts, turn.lines):
        line: dict[str, Any] = {"message": {"role": "assistant", **message}, "done": False}
        if body.get("logprobs"):
            line["logprobs"] = [_logprob(message, int(body.get("top_logprobs") or 0))]
        yield line


def _logprob(message: dict[str, Any], others: int) -> dict[str, Any]:
    text = message.get("thinking") or message["content"]
    told = {"token": text, "logprob": -0.5, "bytes": list(text.encode())}
    return told | ({"top_logprobs": [told] * others} if others else {})


def _lines(spoken: Iterator[dict[str, Any]], turn: Turn, work: _Work) -> Iterator[Line]:
    tokens, reason = 0, "stop"
    for line in spoken:
        if tokens == work.limit:
            reason = "length"
            break
        tokens += 1
        yield line
    sleep(turn.pause_s)
    if turn.error is not None:
        yield {"error": turn.error}
    elif turn.cut:
        yield None
    else:
        last = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason}
        yield last | work.metrics(tokens) | turn.done


def _told(state: State, name: str, body: dict[str, Any], lines: Iterator[Line]) -> Iterator[Line]:
    for line in lines:
        if line is None or "error" in line:
            yield line
            return
        if line["done"] and leaves(body):
            state.unload(name)
        yield {"model": body["model"], "created_at": now(), **line}
