"""vLLM's /metrics, as far as a diagnosis needs them: who waits, and what its prefixes save.

The names are those of vllm/v1/metrics/loggers.py; a counter has `_total` at its end when Prometheus prints it.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

_LINE = re.compile(r"^(vllm:\w+)(?:\{[^}]*\})?\s+(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class VllmMetrics:
    """Since the server's start, over all its engines. None: it does not tell."""

    running: int | None = None
    """Requests that are being answered."""
    waiting: int | None = None
    """Requests in the queue."""
    prefix_queries_tokens: int | None = None
    """Prompt tokens looked up in the prefix cache."""
    prefix_hits_tokens: int | None = None
    """Of those, the ones that were found and not computed again."""
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

    return VllmMetrics(
        running=total("vllm:num_requests_running"),
        waiting=total("vllm:num_requests_waiting"),
        prefix_queries_tokens=total("vllm:prefix_cache_queries_total"),
        prefix_hits_tokens=total("vllm:prefix_cache_hits_total"),
        preemptions=total("vllm:num_preemptions_total"),
    )
