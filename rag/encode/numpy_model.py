"""A plain BERT on disk into vectors without torch: tokenizer, weights and the forward pass in numpy."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from rag.encode.bert import Bert
from rag.encode.card import Card, unreadable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Found = TypeVar("Found")
_TYPES = {"F32": np.float32, "F16": np.float16}

BLOCK_TOKENS = 384
"""Tokens that go through the layers together: enough for full speed of the matrix products, few enough that what
they make stays in a core's cache."""


class NumpyModel:
    """Blocks of texts of about the same length, a thread for each core.

    The matrix library's own threads are switched off meanwhile: they wait for each other at every product, which made a
    query a hundred times slower where other processes use the cores too.
    """

    def __init__(self, card: Card, tokenizer: Tokenizer) -> None:
        self._max_tokens = card.max_tokens
        self._tokenizer = tokenizer
        try:
            self._bert = _bert(card)
        except (OSError, ValueError, KeyError) as error:
            raise unreadable(card, str(error)) from error

    @property
    def dimension(self) -> int:
        return int(self._bert.words.shape[1])

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dimension), each row of length 1."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for block, found in self._in_blocks(self._bert, texts):
            vectors[block] = found
        return vectors

    def token_vectors(self, texts: Sequence[str], skip: int = 0) -> list[NDArray[np.float32]]:
        """For each text the states of its tokens, (tokens, dimension), each row of length 1: without the special token
        at either end, and without the first `skip` behind the one at the beginning."""
        vectors: dict[int, NDArray[np.float32]] = {}
        for block, found in self._in_blocks(self._bert.states, texts):
            for number, states in zip(block, found, strict=True):
                kept = states[1 + skip : -1]
                vectors[number] = kept / np.linalg.norm(kept, axis=1, keepdims=True)
        return [vectors[number] for number in range(len(texts))]

    def _in_blocks(
        self, compute: Callable[[Sequence[list[int]]], Found], texts: Sequence[str]
    ) -> list[tuple[list[int], Found]]:
        """What is computed of the tokens of each block of texts, with the texts' numbers."""
        tokens = [self._cut(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        blocks = list(_blocks([len(text) for text in tokens]))
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(_cores()) as pool:
            found = pool.map(lambda block: compute([tokens[number] for number in block]), blocks)
            return list(zip(blocks, found, strict=True))

    def _cut(self, ids: list[int]) -> list[int]:
        """What the model reads of a text: its beginning, and the special token at the end."""
        return ids if len(ids) <= self._max_tokens else [*ids[: self._max_tokens - 1], ids[-1]]


def _bert(card: Card) -> Bert:
    config = json.loads((card.folder / "config.json").read_text("utf-8"))
    weights = read_weights(card.folder / "model.safetensors")
    return Bert.of(
        {name.removeprefix("bert."): values for name, values in weights.items()},
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
        pooling=str(card.pooling),
    )


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors of a safetensors file, mapped into memory: of its table of words only the rows used are ever read.

    The format: eight bytes with the header's length, the header in JSON, the numbers; the library for it copies them.
    """
    file = np.asarray(np.memmap(path, np.uint8, "r"))
    start = 8 + int.from_bytes(file[:8].tobytes(), "little")
    header = json.loads(file[8:start].tobytes())
    return {
        name: file[slice(*(start + offset for offset in entry["data_offsets"]))]
        .view(_TYPES[entry["dtype"]])
        .reshape(entry["shape"])
        .astype(np.float32, copy=False)
        for name, entry in header.items()
        if entry.get("dtype") in _TYPES
    }


def _blocks(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of texts, the longest first, so that the threads end at about the same time."""
    block: list[int] = []
    tokens = 0
    for number in sorted(range(len(lengths)), key=lambda number: -lengths[number]):
        if block and tokens + lengths[number] > BLOCK_TOKENS:
            yield block
            block, tokens = [], 0
        block.append(number)
        tokens += lengths[number]
    if block:
        yield block


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        return os.cpu_count() or 1
