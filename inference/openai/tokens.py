"""How many tokens a text has on an OpenAI-compatible server: its own count where it tokenizes, else a guess."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from inference.errors import EngineError
from inference.token_estimate import TokenEstimate

KEPT_COUNTS = 256
"""Texts whose number of tokens is kept: the messages of some long runs."""


class TokenCount:
    """Call it with a text. `ask` is the server's count and raises EngineError where it cannot tell (vLLM counts no text
    that is longer than its context); the guess then takes its place. It errs high and learns from what the server
    says of whole prompts."""

    def __init__(self, ask: Callable[[str], int] | None) -> None:
        self.estimate = TokenEstimate()
        self._ask = None if ask is None else lru_cache(maxsize=KEPT_COUNTS)(ask)

    @property
    def exact(self) -> bool:
        return self._ask is not None

    def __call__(self, text: str) -> int:
        if self._ask is not None and text:
            try:
                return self._ask(text)
            except EngineError:
                pass
        return self.estimate(text)
