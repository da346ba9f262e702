"""The tables of models and of cards, read from their files (models.toml, cards.toml) and checked as they are read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inference.choice.kv_cache import Attention, CacheType, window_cells
from inference.choice.memory import Width
from inference.hardware.machine import Gpu

Capability: TypeAlias = Literal["tools", "thinking", "vision"]
Quantisation: TypeAlias = Literal["Q4_K_M", "Q8_0", "MXFP4"]

LEAST_BITS: Mapping[Quantisation, float] = {"Q4_K_M": 4.5, "Q8_0": 8.5, "MXFP4": 4.25}
"""Bits a weight takes in the smallest blocks of each: 144 bytes for 256 weights, 34 for 32, 17 for 32 (llama.cpp,
ggml/src/ggml-common.h). Files hold some tensors in more, so a speed from these is a roof."""

MOST_ADDED_BYTES = 100_000
"""By parameters, template and licence of a tag that was made from another."""


class _Edge(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FullLayers(_Edge):
    """Layers with attention over the whole context."""

    layers: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    key_size: int = Field(gt=0)
    value_size: int = Field(gt=0)

    @property
    def attention(self) -> Attention:
        return Attention(self.layers, self.kv_heads, self.key_size, self.value_size)


class SlidingLayers(FullLayers):
    """Layers whose attention sees `window` tokens."""

    window: int = Field(gt=0)


class File(_Edge):
    """What a tag downloads."""

    tag: str
    quantisation: Quantisation
    size_bytes: int = Field(gt=0)


class Reported(_Edge):
    """A decode rate that somebody reported, tokens/s from and to."""

    on: str
    decode_tps: tuple[float, float]
    place: str


class CatalogModel(_Edge):
    """One model; the fields are explained at the head of models.toml."""

    tag: str
    name: str
    architecture: str
    total_parameters: float = Field(gt=0)
    active_parameters: float = Field(gt=0)
    looked_up_parameters: float = 0
    layers: int = Field(gt=0)
    embedding: int = Field(gt=0)
    heads: int = Field(gt=0)
    feed_forward: int = 0
    experts: int = 0
    experts_used: int = 0
    expert_width: int = 0
    trained_context: int = Field(gt=0)
    state_bytes: int = 0
    full: FullLayers
    sliding: SlidingLayers | None = None
    files: tuple[File, ...] = Field(min_length=1)
    capabilities: tuple[Capability, ...]
    licence: str
    compared: bool = False
    confirmed: bool = True
    reported: tuple[Reported, ...] = ()
    source: str

    @model_validator(mode="after")
    def _whole(self) -> CatalogModel:
        if self.active_parameters > self.total_parameters:
            raise ValueError(f"{self.tag}: more parameters are active than there are")
        if self.experts_used > self.experts or bool(self.experts) != bool(self.expert_width):
            raise ValueError(f"{self.tag}: the experts do not go together")
        return self

    def file_of(self, name: str) -> File:
        """The file of a tag, else the one that the model's own tag stands for."""
        return next((file for file in self.files if file.tag == name.lower()), self.files[0])

    @property
    def mixture(self) -> bool:
        """Whether it is a mixture of experts."""
        return self.experts > 0

    @property
    def width(self) -> Width:
        used = self.feed_forward + self.experts_used * self.expert_width
        return Width(self.embedding, self.heads, used, self.experts_used)

    @property
    def expert_share(self) -> float:
        """The part of the parameters that lies in experts, which may stay in main memory; 0 for a dense model."""
        return min(1.0, self.layers * self.experts * 3 * self.embedding * self.expert_width / self.total_parameters)

    def cache_bytes(self, context: int, cache_type: CacheType = "f16", *, batch: int = 512) -> int:
        """The KV cache of one sequence of `context` tokens, in bytes."""
        size = context * self.full.attention.token_bytes(cache_type)
        if self.sliding is not None:
            cells = window_cells(self.sliding.window, context, batch)
            size += cells * self.sliding.attention.token_bytes(cache_type)
        return size

    def active_bytes(self, quantisation: Quantisation) -> float:
        """Bytes that are read for one token at least: the active parameters in the smallest blocks."""
        return (self.active_parameters - self.looked_up_parameters) * LEAST_BITS[quantisation] / 8


class _Models(_Edge):
    model: tuple[CatalogModel, ...]


class _Cards(_Edge):
    nvidia: Mapping[str, float]
    amd: Mapping[str, float]
    apple: Mapping[str, float]


@cache
def models() -> tuple[CatalogModel, ...]:
    """Every model of the table, the preferred ones first."""
    return _Models.model_validate(_table("models.toml")).model


def find_model(name: str) -> CatalogModel | None:
    """The model of a tag as the table, or the server, has it."""
    wanted = name.lower()
    return next((model for model in models() if wanted in {model.tag, *(file.tag for file in model.files)}), None)


def find_size(size_bytes: int) -> CatalogModel | None:
    """The model whose file this is, by its size: a tuned tag adds only its few parameters to it."""
    return next(
        (m for m in models() for file in m.files if 0 <= size_bytes - file.size_bytes <= MOST_ADDED_BYTES), None
    )


def bandwidth(gpu: Gpu) -> float | None:
    """Bytes per second of a card's memory by its name; None for a card that the table does not have."""
    name = re.sub(r"^(NVIDIA|AMD|GeForce|\s)+", "", gpu.name, flags=re.IGNORECASE).strip().lower()
    known = {key.lower(): value for key, value in getattr(_cards(), gpu.vendor).items()}
    found = known.get(name)
    return None if found is None else found * 1e9


@cache
def _cards() -> _Cards:
    return _Cards.model_validate(_table("cards.toml"))


def _table(name: str) -> dict[str, object]:
    return tomllib.loads(resources.files("inference.choice").joinpath(name).read_text("utf-8"))
