"""The size of a key-value cache, from a model's own metadata."""

from __future__ import annotations

from collections.abc import Callable

BYTES_PER_VALUE = 2
"""In 16 bits, the default of llama.cpp and of Ollama."""


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
    layers = (number("block_count") or 0) / (number("full_attention_interval") or 1)
    return int(layers * kv_heads * (key + value) * BYTES_PER_VALUE)
