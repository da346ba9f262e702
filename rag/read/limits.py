"""What a prompt may hold: the engine's context, and the shares of it."""

from __future__ import annotations

from dataclasses import dataclass

PASSAGE_TOKENS = 1_500
"""Passages in the prompt: enough for six. A CPU reads 50 to 100 tokens/s with a model of 1.5B parameters."""

ROOM_TOKENS = 512
"""What pinned passages must leave: two passages, or a follow-up with three turns of its conversation."""

TEMPLATE_TOKENS = 64
"""What a chat template puts around two messages, at most."""


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """Tokens of the engine's context in force, and of them those that the answer and the retrieved passages may take;
    pinned passages take what they need."""

    context_tokens: int
    output_tokens: int = 512
    passage_tokens: int = PASSAGE_TOKENS


def rounded(tokens: int) -> int:
    """A context that holds so many tokens and some passages: at least 12,288, in steps of 4,096."""
    return max(12_288, -(-(tokens + PASSAGE_TOKENS) // 4_096) * 4_096)
