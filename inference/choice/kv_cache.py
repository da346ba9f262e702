"""The size of a key-value cache: the one formula, from a model's own metadata or from the table of models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

CacheType: TypeAlias = Literal["f16", "q8_0", "q4_0"]

BYTES_PER_VALUE: dict[CacheType, float] = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""f16 is the default of llama.cpp and of Ollama. The others keep 32 values and one scale of 16 bits: 34 bytes, or 18
(llama.cpp, ggml/src/ggml-common.h)."""
PADDED_CELLS = 256
"""llama.cpp rounds the cells of a sliding window up to this (src/llama-kv-cache-iswa.cpp)."""


@dataclass(frozen=True, slots=True)
class Attention:
    """Layers of one kind: how many, and what each keeps for a token."""

    layers: int
    kv_heads: int
    key_size: int
    value_size: int

    def token_bytes(self, cache_type: CacheType = "f16") -> int:
        """Layers x KV heads x (key + value size) x the bytes of a value."""
        values = self.layers * self.kv_heads * (self.key_size + self.value_size)
        return int(values * BYTES_PER_VALUE[cache_type])


def window_cells(window: int, context: int, batch: int) -> int:
    """Tokens that a layer with a sliding window keeps: the window and one batch, rounded up, at most the context."""
    kept = min(context, window + batch)
    return -(-kept // PADDED_CELLS) * PADDED_CELLS


def cache_bytes_per_token(number: Callable[[str], int | None]) -> int:
    """Layers with full attention x KV heads x (key + value size) x 2 bytes; 0 where nothing is known.

    `number` reads a whole number of the model's metadata by its GGUF name without the architecture. An
    upper bound: some models slide the attention of some layers over a window.
    """
    heads = number("attention.head_count") or 1
    head_size = (number("embedding_length") or 0) // heads
    key = number("attention.key_length") or head_size
    value = number("attention.value_length") or head_size
    kv_heads = number("attention.head_count_kv") or heads
    layers = (number("block_count") or 0) // (number("full_attention_interval") or 1)
    return Attention(layers, kv_heads, key, value).token_bytes()
