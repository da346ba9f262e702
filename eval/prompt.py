"""Prompts of a wanted length, out of real text or out of text that is generated, the same every time."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from inference.errors import MeasurementError

CountTokens: TypeAlias = Callable[[str], int]

_HEAD = "Run {nonce}. Read the following text, then sum it up in one sentence.\n\n"
_TAIL = "\n\nSummary:"
_SUFFIXES = frozenset({".md", ".txt"})
_TOLERANCE = 0.01
_WORD_TOKENS = 16
_SUBJECTS = ("The router", "Each layer", "A small cache", "The second server", "This index", "One expert")
_VERBS = ("keeps", "reads", "moves", "counts", "replaces", "compares", "stores", "drops")
_OBJECTS = ("the weights", "a long prompt", "every passage", "two tables", "its own state", "the last token")
_ENDS = (
    "in order",
    "at night",
    "without a copy",
    "before it stops",
    "for the next step",
    "when memory is short",
)


class PromptMaker:
    """`(tokens, nonce) -> prompt` of that length: the nonce first, then as much of `text` as fits.

    `count_tokens` should be the model's own; where it estimates, the engine's count in the row is the
    true one. A short text is repeated. Raises MeasurementError where no prompt comes within 1 % below
    `tokens` (within 16 tokens, where that is more).
    """

    def __init__(self, text: str, count_tokens: CountTokens) -> None:
        self._words = text.split(" ")
        self._count = count_tokens
        self._sizes: dict[int, int] = {}

    def __call__(self, tokens: int, nonce: str) -> str:
        if tokens not in self._sizes:
            self._sizes[tokens] = self._fit(tokens, nonce)
        return self._build(self._sizes[tokens], nonce)

    def _fit(self, tokens: int, nonce: str) -> int:
        """The most words with which the prompt has at most `tokens` tokens, by bisection."""

        def size(words: int) -> int:
            return self._count(self._build(words, nonce))

        if size(0) > tokens:
            raise MeasurementError(
                f"a prompt of {tokens} tokens is shorter than its own frame ({size(0)} tokens)",
                next_step=f"ask for at least {size(0)} tokens",
            )
        low, high = 0, 1
        while size(high) <= tokens:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if size(middle) <= tokens else (low, middle)
        if tokens - size(low) > max(_TOLERANCE * tokens, _WORD_TOKENS):
            raise MeasurementError(
                f"no prompt comes near {tokens:,} tokens: one word takes it from {size(low):,} to {size(high):,}",
                next_step="use text that has spaces between its words",
            )
        return low

    def _build(self, words: int, nonce: str) -> str:
        times, rest = divmod(words, len(self._words))
        body = " ".join([*self._words * times, *self._words[:rest]])
        return _HEAD.format(nonce=nonce) + body + _TAIL


def prompt_maker(count_tokens: CountTokens, folder: Path | None = None) -> PromptMaker:
    """Prompts out of the Markdown and text files under `folder`, or out of generated text without one."""
    return PromptMaker(generated_text() if folder is None else folder_text(folder), count_tokens)


def folder_text(folder: Path) -> str:
    """The Markdown and text files under a folder, in the order of their names, one after the other.

    Raises MeasurementError where there is none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
    text = "\n\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    if not text.strip():
        raise MeasurementError(
            f"{folder} has no Markdown or text to make prompts of",
            next_step="name a folder with .md or .txt files, or none for a generated text",
        )
    return text


def generated_text(sentences: int = 2000) -> str:
    """Plain English-like sentences, the same on every machine."""
    choose = random.Random(20240101)

    def pick(words: Sequence[str]) -> str:
        return words[choose.randrange(len(words))]

    return " ".join(
        f"{pick(_SUBJECTS)} {number} {pick(_VERBS)} {pick(_OBJECTS)} {pick(_ENDS)}."
        for number in range(1, sentences + 1)
    )
