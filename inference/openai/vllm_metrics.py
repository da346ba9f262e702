"""vLLM's /metrics, as far as a diagnosis needs them: who waits, how full the cache is, what its prefixes save.

The names are those of vllm/v1/metrics/loggers.py; a counter has `_total` at its end when Prometheus prints it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(r"^(vllm:\w+)(?:\{[^}]*\})?\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class VllmMetrics:
    """Since the server's start, over all its engines. None: it does not tell."""

    running: int | None = None
    """Requests that are being answered."""
    waiting: int | None = None
    """Requests in the queue."""
    kv_cache_share: float | None = None
    """Of the key/value cache what is in use, 0 to 1; of several engines the fullest."""
    prefix_queries_tokens: int | None = None
    """Prompt tokens looked up in the prefix cache."""
    prefix_hits_tokens: int | None = None
    """Of those, the ones that were found and not computed again."""
    prompt_tokens: int | None = None
    generation_tokens: int | None = None
    preemptions: int | None = None
    """Times that a request lost its place in the cache to another and was computed again."""

    @property
    def prefix_hit_share(self) -> float | None:
        """Hits / queries; None before the first query."""
        if self.prefix_hits_tokens is None or not self.prefix_queries_tokens:
            return None
        return self.prefix_hits_tokens / self.prefix_queries_tokens


def read_metrics(text: str) -> VllmMetrics:
    """The metrics out of Prometheus' text format."""
    values: dict[str, list[float]] = {}
    for name, value in _LINE.findall(text):
        with contextlib.suppress(ValueError):
            number = float(value)
            values.setdefault(name, []).append(number)

    def total(name: str) -> int | None:
        return int(sum(values[name])) if name in values else None

    def first(names: Iterable[str]) -> list[float]:
        return next((values[name] for name in names if name in values), [])

    return VllmMetrics(
        running=total("vllm:num_requests_running"),
        waiting=total("vllm:num_requests_waiting"),
        kv_cache_share=max(first(("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")), default=None),
        prefix_queries_tokens=total("vllm:prefix_cache_queries_total"),
        prefix_hits_tokens=total("vllm:prefix_cache_hits_total"),
        prompt_tokens=total("vllm:prompt_tokens_total"),
        generation_tokens=total("vllm:generation_tokens_total"),
        preemptions=total("vllm:num_preemptions_total"),
    )
