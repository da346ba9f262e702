"""Room in the context: old observations give way in one large step."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AnyMessage, ToolMessage

from inference.errors import ContextOverflowError

_TOKENS_PER_CHAR = 0.25  # at most this much is hoped to be saved: about what English prose has


def trimmed(messages: Sequence[AnyMessage], overflow: ContextOverflowError) -> tuple[AnyMessage, ...]:
    """The transcript with old observations cut to their short form, oldest first, until an estimate says
    that it takes half of the context.

    Half, so that it is seldom needed: each trimming changes the head of the prompt and costs its cache.
    No message goes, so every call keeps its result; those after the last call stay whole.
    """
    chars = sum(len(m.text) for m in messages) or 1
    tokens_per_char = min(overflow.prompt_tokens / chars, _TOKENS_PER_CHAR)
    excess = overflow.prompt_tokens - overflow.context_tokens // 2
    newest = max((i for i, m in enumerate(messages) if m.type == "ai"), default=0)
    kept = list(messages)
    for i, message in enumerate(messages[:newest]):
        if excess <= 0:
            break
        if isinstance(message, ToolMessage) and len(str(message.artifact)) < len(message.text):
            kept[i] = message.model_copy(update={"content": str(message.artifact)})
            excess -= int((len(message.text) - len(str(message.artifact))) * tokens_per_char)
    return tuple(kept)
