"""The forward pass of a small BERT in numpy: a vector some 0.3 s after the process starts, where loading torch takes
five seconds, and on a CPU without bfloat16 as many texts a second.

No padding anywhere: the tokens of many texts lie side by side in one matrix for the linear layers, and attention looks
at each text's rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

_PHI = (1.5956604640464256, 0.07292969519782674, -0.0002458651403392469, -6.180379989720279e-05, 2.270555472222858e-06)
"""Normal distribution function = logistic(x * polynomial in x^2), by least squares with growing weight on the largest
error for |x| <= 6: GELU within 4e-6 of the one by erf, at a tenth of its time."""
_LIMIT = 6.0
_CACHED_ROWS = 32
"""Of 1,536 numbers: 200 KB."""


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation of rows."""

    weight: Matrix
    bias: Matrix
    epsilon: float

    def __call__(self, rows: Matrix) -> Matrix:
        rows -= rows.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", rows, rows) / np.float32(rows.shape[1])
        rows *= (1 / np.sqrt(variance + np.float32(self.epsilon)))[:, None]
        rows *= self.weight
        rows += self.bias
        return rows


@dataclass(frozen=True, slots=True)
class Linear:
    """rows @ weight.T + bias, as torch stores it."""

    weight: Matrix
    bias: Matrix

    def __call__(self, rows: Matrix) -> Matrix:
        result = rows @ self.weight.T
        result += self.bias
        return result


@dataclass(frozen=True, slots=True)
class Layer:
    """One transformer block; `projection` gives query, key and value side by side, the query scaled."""

    heads: int
    projection: Linear
    output: Linear
    after_attention: Norm
    widen: Linear
    narrow: Linear
    after_feed: Norm

    def __call__(self, rows: Matrix, bounds: Sequence[int]) -> Matrix:
        mixed = self.output(self._attend(self.projection(rows), bounds))
        mixed += rows
        rows = self.after_attention(mixed)
        fed = self.narrow(_gelu(self.widen(rows)))
        fed += rows
        return self.after_feed(fed)

    def _attend(self, projected: Matrix, bounds: Sequence[int]) -> Matrix:
        mixed = np.empty((len(projected), projected.shape[1] // 3), np.float32)
        for start, end in pairwise(bounds):
            one = projected[start:end].reshape(end - start, 3, self.heads, -1)
            query, key, value = one.transpose(1, 2, 0, 3)
            weights = query @ key.transpose(0, 2, 1)
            weights -= weights.max(axis=2, keepdims=True)
            np.exp(weights, out=weights)
            heads = weights @ value
            heads /= weights.sum(axis=2, keepdims=True)
            mixed[start:end].reshape(end - start, self.heads, -1)[:] = heads.transpose(1, 0, 2)
        return mixed


@dataclass(frozen=True, slots=True)
class Bert:
    """Embeddings, layers and pooling; pure: the same tokens give the same vector, whatever stands beside them."""

    words: Matrix
    places: Matrix
    after_embedding: Norm
    layers: tuple[Layer, ...]
    pooling: str
    """"mean" of a text's last states, or "cls", the first of them."""

    @classmethod
    def of(cls, weights: Mapping[str, Matrix], *, heads: int, epsilon: float, pooling: str) -> Self:
        """From the tensors of a BertModel as transformers names them."""
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        count = sum(name.endswith("attention.self.query.weight") for name in weights)
        return cls(
            weights["embeddings.word_embeddings.weight"],
            weights["embeddings.position_embeddings.weight"] + kind,
            _norm(weights, "embeddings.LayerNorm", epsilon),
            tuple(_layer(weights, f"encoder.layer.{number}", heads, epsilon) for number in range(count)),
            pooling,
        )

    def __call__(self, texts: Sequence[Sequence[int]]) -> Matrix:
        """Token numbers, the special ones included, into unit vectors: (len(texts), width)."""
        states = self.states(texts)
        pooled = np.stack([rows[0] if self.pooling == "cls" else rows.mean(axis=0) for rows in states])
        pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        return pooled

    def states(self, texts: Sequence[Sequence[int]]) -> list[Matrix]:
        """The last state of each token: for each text (its tokens, width)."""
        bounds = [0, *np.cumsum([len(text) for text in texts]).tolist()]
        rows = self.words[np.concatenate([np.asarray(text) for text in texts])]
        rows += np.concatenate([self.places[: len(text)] for text in texts])
        rows = self.after_embedding(rows)
        for layer in self.layers:
            rows = layer(rows, bounds)
        return [rows[start:end] for start, end in pairwise(bounds)]


def _gelu(rows: Matrix) -> Matrix:
    """x * normal distribution function of x, in place, so many rows at a time that all of it stays in the cache."""
    for start in range(0, len(rows), _CACHED_ROWS):
        part = rows[start : start + _CACHED_ROWS]
        x = np.clip(part, -_LIMIT, _LIMIT)
        square = x * x
        logit = square * np.float32(_PHI[-1])
        for coefficient in _PHI[-2:0:-1]:
            logit += np.float32(coefficient)
            logit *= square
        logit += np.float32(_PHI[0])
        logit *= x
        np.exp(np.negative(logit, out=logit), out=logit)
        logit += np.float32(1)
        part /= logit
    return rows


def _norm(weights: Mapping[str, Matrix], name: str, epsilon: float) -> Norm:
    return Norm(weights[f"{name}.weight"], weights[f"{name}.bias"], epsilon)


def _linear(weights: Mapping[str, Matrix], name: str) -> Linear:
    return Linear(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _layer(weights: Mapping[str, Matrix], name: str, heads: int, epsilon: float) -> Layer:
    query, key, value = (_linear(weights, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
    scale = np.float32((query.weight.shape[0] // heads) ** -0.5)
    return Layer(
        heads,
        Linear(
            np.concatenate([query.weight * scale, key.weight, value.weight]),
            np.concatenate([query.bias * scale, key.bias, value.bias]),
        ),
        _linear(weights, f"{name}.attention.output.dense"),
        _norm(weights, f"{name}.attention.output.LayerNorm", epsilon),
        _linear(weights, f"{name}.intermediate.dense"),
        _linear(weights, f"{name}.output.dense"),
        _norm(weights, f"{name}.output.LayerNorm", epsilon),
    )
