"""One chat with an OpenAI-compatible server as its raw events tell it: the time of each step and the server's own
numbers, llama.cpp's `timings` among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inference.arrivals import Arrivals
from inference.completions import WrittenCalls, kinds
from inference.record import Generation

_MILLI = 1e-3


@dataclass(slots=True)
class OpenAIExchange:
    """One request and its answer so far, in one choice: nobody asks for more."""

    model: str
    arrivals: Arrivals = field(default_factory=Arrivals)
    finish_reason: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, Any] = field(default_factory=dict)
    calls: WrittenCalls = field(default_factory=WrittenCalls)

    def see(self, event: Mapping[str, Any], at: float) -> None:
        """Take in one event that arrived `at`."""
        self.arrivals.ended = at
        self.usage = event.get("usage") or self.usage
        self.timings = event.get("timings") or self.timings
        choice: Mapping[str, Any] = next(iter(event.get("choices") or ()), {})
        delta = choice.get("delta") or {}
        self.arrivals.chunk(at, *kinds(delta))
        self.calls.add(delta.get("tool_calls") or ())
        self.finish_reason = choice.get("finish_reason") or self.finish_reason

    @property
    def prompt_tokens(self) -> int | None:
        """llama.cpp times the tokens that it computed and names those of its cache apart."""
        told: int | None = self.usage.get("prompt_tokens")
        cached, computed = self.timings.get("cache_n"), self.timings.get("prompt_n")
        return told if cached is None or computed is None else cached + computed

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
            done_reason=self.finish_reason,
            **self.arrivals.times(),
        )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds * _MILLI
