"""One chat with an OpenAI-compatible server as its raw events tell it: the time of each step and the server's own
numbers, llama.cpp's `timings` among them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from inference.record import Generation

_MILLI = 1e-3
THOUGHTS = ("reasoning_content", "reasoning")
"""llama.cpp's name of a piece of thinking and vLLM's present one; vLLM had the other before and for a time both."""


@dataclass(slots=True)
class WrittenCall:
    """A call of a tool as it comes in pieces."""

    name: str = ""
    arguments: str = ""

    def add(self, function: Mapping[str, Any]) -> None:
        self.name += function.get("name") or ""
        self.arguments += function.get("arguments") or ""

    @property
    def readable(self) -> bool:
        """LangChain would make of arguments that break off, or are no JSON, what it can, often none."""
        try:
            return isinstance(json.loads(self.arguments or "{}"), dict)
        except ValueError:
            return False

    @property
    def raw(self) -> str:
        return f'{{"name": {json.dumps(self.name)}, "arguments": {self.arguments}}}'


@dataclass(slots=True)
class OpenAIExchange:
    """Times are readings of time.perf_counter; None until the step has happened."""

    model: str
    started: float = field(default_factory=perf_counter)
    first_token: float | None = None
    first_answer: float | None = None
    ended: float | None = None
    finish_reason: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, Any] = field(default_factory=dict)
    calls: dict[int, WrittenCall] = field(default_factory=dict)
    """The calls of tools by their place in the answer."""
    queued_s: float = 0.0
    """Spent on tries that the server turned away: its queue was full, or it was loading its model."""

    def begin_again(self) -> None:
        """The request is sent once more: what it waited for is no time of the model's."""
        self.queued_s += perf_counter() - self.started
        self.started = perf_counter()

    def see(self, event: Mapping[str, Any], at: float) -> None:
        """Take in one event that arrived `at`."""
        self.ended = at
        self.usage = event.get("usage") or self.usage
        self.timings = event.get("timings") or self.timings
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or {}
            for call in delta.get("tool_calls") or ():
                self.calls.setdefault(call["index"], WrittenCall()).add(call["function"])
            answer = bool(delta.get("content"))
            if self.first_token is None and (answer or delta.get("tool_calls") or thought(delta)):
                self.first_token = at
            if self.first_answer is None and answer:
                self.first_answer = at
            self.finish_reason = choice.get("finish_reason") or self.finish_reason

    @property
    def prompt_tokens(self) -> int | None:
        """llama.cpp times the tokens that it computed and names those of its cache apart."""
        told: int | None = self.usage.get("prompt_tokens")
        cached, computed = self.timings.get("cache_n"), self.timings.get("prompt_n")
        return told if cached is None or computed is None else cached + computed

    @property
    def unreadable(self) -> WrittenCall | None:
        """A call that the model wrote wrongly; one that was cut off by the limit of tokens is not its fault."""
        broken = [call for call in self.calls.values() if not call.readable]
        return broken[0] if broken and self.finish_reason != "length" else None

    def generation(self) -> Generation:
        """The record of a finished exchange; what the server left out stays None. vLLM tells cached tokens only with
        --enable-prompt-tokens-details, and no times of its own at all."""
        details = self.usage.get("prompt_tokens_details") or {}
        cached = self.timings.get("cache_n", details.get("cached_tokens"))
        return Generation(
            engine="openai",
            model=self.model,
            prompt_tokens=self.prompt_tokens,
            cached_tokens=cached,
            cached_source=None if cached is None else "field",
            decode_tokens=self.timings.get("predicted_n", self.usage.get("completion_tokens")),
            prefill_s=_seconds(self.timings.get("prompt_ms")),
            decode_s=_seconds(self.timings.get("predicted_ms")),
            ttft_s=self._since_start(self.first_token),
            ttfa_s=self._since_start(self.first_answer),
            total_s=self._since_start(self.ended),
            done_reason=self.finish_reason,
            queued_s=self.queued_s,
        )

    def _since_start(self, at: float | None) -> float | None:
        return None if at is None else at - self.started


def thought(delta: Mapping[str, Any]) -> str:
    """The piece of thinking in a delta, or ""."""
    return next((str(delta[name]) for name in THOUGHTS if delta.get(name)), "")


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds * _MILLI
