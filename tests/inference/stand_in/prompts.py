"""The prompt of a request as the server sees it: words for tokens, cut if too long, and what of it is cached."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from tests.inference.stand_in.answers import Refused
from tests.inference.stand_in.state import Loaded, State

_OVERFLOW = "request ({} tokens) exceeds the available context size ({} tokens), try increasing it"


@dataclass(frozen=True, slots=True)
class Prompt:
    """`tokens` that were read, of which `cached` were not computed; `room` for the answer, None without a limit."""

    tokens: int
    cached: int
    room: int | None = None


def read(state: State, loaded: Loaded, body: dict[str, Any], options: dict[str, Any]) -> Prompt:
    """Take a prompt in: refused where it is too long and may not be cut."""
    messages = [(message["role"], _words(state, message)) for message in body["messages"]]
    context = loaded.context
    total = sum(len(words) for _, words in messages)
    if total > context and body.get("truncate") is False and state.honours_truncate:
        raise Refused(400, _overflow(total, context))
    while sum(len(words) for _, words in messages) > context:
        oldest = next((n for n, (role, _) in enumerate(messages[:-1]) if role != "system"), None)
        if oldest is None:
            return _cut(state, loaded, [word for _, words in messages for word in words], options)
        del messages[oldest]
    return _cached(state, loaded, [word for _, words in messages for word in words], None)


def _words(state: State, message: dict[str, Any]) -> list[str]:
    return [word for word in (message.get("content") or "").split() for _ in range(state.tokens_a_word)]


def _cut(state: State, loaded: Loaded, words: list[str], options: dict[str, Any]) -> Prompt:
    """What the runner itself does with a prompt that is still too long: head and tail stay, half a context; with
    num_keep at the context the head alone, and room for one token."""
    context, keep = loaded.context, int(options.get("num_keep", 4))
    if keep >= context:
        return _cached(state, loaded, words[: context - 1], 1)
    left = context // 2 + 2
    return _cached(state, loaded, words[:keep] + words[keep - left :], None)


def _cached(state: State, loaded: Loaded, words: list[str], room: int | None) -> Prompt:
    """At least one token is computed anew: the answer begins with it."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(words, loaded.prompt, strict=False)))
    loaded.prompt = words
    return Prompt(len(words), max(0, min(same, len(words) - 1)) if state.keeps_prefix else 0, room)


def _overflow(tokens: int, context: int) -> str:
    inner = {"code": 400, "message": _OVERFLOW.format(tokens, context), "type": "exceed_context_size_error"}
    return json.dumps({"error": inner | {"n_prompt_tokens": tokens, "n_ctx": context}}, separators=(",", ":"))
