"""Counting tokens, and cutting what has too many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rag.sentences import Span

CountTokens = Callable[[Sequence[str]], list[int]]


def wary(count_tokens: CountTokens) -> CountTokens:
    """Counts a token for every 16 characters at least: an encoder may see one unknown word in a megabyte."""
    return lambda texts: [max(tokens, len(text) // 16) for tokens, text in zip(count_tokens(texts), texts, strict=True)]


def shorten(text: str, count_tokens: CountTokens, limit: int) -> tuple[str, int]:
    """The beginning of a text that has at most `limit` tokens, and how many it has."""
    while (tokens := count_tokens([text])[0]) > limit:
        text = text[: len(text) * limit // tokens]
    return text, tokens


def divide(text: str, spans: Sequence[Span], count_tokens: CountTokens, limit: int) -> Iterator[tuple[Span, int]]:
    """The spans with their tokens; one longer than `limit` is cut, and its parts again where tokens lie denser."""
    counts = count_tokens([text[start:end] for start, end in spans])
    for span, tokens in zip(spans, counts, strict=True):
        if tokens <= limit or span[1] - span[0] < 2:
            yield span, tokens
        else:
            yield from divide(text, list(_cut(text, *span, -(-tokens // limit))), count_tokens, limit)


def _cut(text: str, start: int, end: int, parts: int) -> Iterator[Span]:
    """About `parts` spans of equal length, cut at white space; text without any is cut hard."""
    step = max(-(-(end - start) // parts), 1)
    while end - start > step:
        cut = start + step
        blank = max(text.rfind(" ", start, cut), text.rfind("\n", start, cut))
        cut = blank + 1 if blank > start + step // 2 else cut
        yield start, cut
        start = cut
    yield start, end
