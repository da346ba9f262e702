"""Where one model runs on a machine with a context: on the card, with its experts in main memory, or there whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from inference.choice.catalog import CatalogModel, File, bandwidth
from inference.choice.kv_cache import BYTES_PER_VALUE, CacheType, cache_bytes_per_token
from inference.choice.memory import (
    SYSTEM_RESERVE_BYTES,
    MemoryNeed,
    Width,
    automatic_batch,
    card_overhead,
    compute_bytes,
)
from inference.hardware.machine import Hardware

Place: TypeAlias = Literal["on the card", "experts in main memory", "in main memory", "does not fit", "not known"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What fitting has to know of a model. `cache_bytes(context, cache type, batch)` is its KV cache;
    `read_bytes` what one token reads at least, None where that is not known."""

    tag: str
    size_bytes: int
    cache_bytes: Callable[[int, CacheType, int], int]
    width: Width
    state_bytes: int = 0
    trained_context: int | None = None
    expert_share: float = 0.0
    read_bytes: float | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """A model at a context on a machine. `memory_bytes` is what it is held against: the cards, or with experts outside
    them cards and main memory, or main memory; None where not known. `roof_tps` is an upper bound of the decode rate,
    None where the bandwidth is not known."""

    shape: Shape
    num_ctx: int
    cache_type: CacheType
    batch: int
    place: Place
    need: MemoryNeed
    memory_bytes: int | None
    roof_tps: float | None = None


def shape_of(model: CatalogModel, file: File | None = None) -> Shape:
    """Of a model of the table, with one of its files."""
    file = file or model.files[0]
    return Shape(
        tag=file.tag,
        size_bytes=file.size_bytes,
        cache_bytes=lambda context, kind, batch: model.cache_bytes(context, kind, batch=batch),
        width=model.width,
        state_bytes=model.state_bytes,
        trained_context=model.trained_context,
        expert_share=model.expert_share,
        read_bytes=model.active_bytes(file.quantisation),
    )


def shape_from_metadata(tag: str, size_bytes: int, number: Callable[[str], int | None]) -> Shape:
    """Of any model, from its own GGUF metadata; `number` as in `cache_bytes_per_token`. Errs high: every layer counts
    as one with full attention, and the experts' share is not known, so they stay with the rest."""
    per_token = cache_bytes_per_token(number)
    used = number("expert_used_count") or 0
    width = Width(
        embedding=number("embedding_length") or 0,
        heads=number("attention.head_count") or 1,
        feed_forward=(number("feed_forward_length") or 0) + used * (number("expert_feed_forward_length") or 0),
        experts_used=used,
    )

    def cache(context: int, kind: CacheType, _batch: int) -> int:
        return int(context * per_token * BYTES_PER_VALUE[kind] / BYTES_PER_VALUE["f16"])

    return Shape(tag, size_bytes, cache, width, trained_context=number("context_length"))


def fit(shape: Shape, hardware: Hardware, context: int, cache_type: CacheType = "f16") -> Fit:
    """Where the model runs at this context, and the sum. The first place of card, experts outside it, main memory that
    holds it; the server's own fitting decides in the end, this is the arithmetic beforehand."""
    cards, unified = hardware.cards, hardware.unified_memory
    overhead = card_overhead(len(cards), unified_memory=unified)
    on_card = _need(shape, context, cache_type, hardware.card_bytes or None, overhead if cards else 0)
    placed = _Placing(shape, hardware, context, cache_type)
    if hardware.source == "unknown":
        return placed.at("not known", on_card, None)
    if cards and on_card.need.total_bytes <= hardware.card_bytes:
        return placed.at("on the card", on_card, hardware.card_bytes)
    if hardware.ram_bytes is None:
        return placed.at("not known", on_card, hardware.card_bytes or None)
    if cards and shape.expert_share and not unified:
        both = _need(shape, context, cache_type, hardware.card_bytes, overhead + SYSTEM_RESERVE_BYTES)
        outside = int(shape.size_bytes * shape.expert_share) + SYSTEM_RESERVE_BYTES
        memory_bytes = hardware.card_bytes + hardware.ram_bytes
        if both.need.total_bytes <= memory_bytes and both.need.total_bytes - outside <= hardware.card_bytes:
            return placed.at("experts in main memory", both, memory_bytes)
    whole = _need(shape, context, cache_type, hardware.ram_bytes, SYSTEM_RESERVE_BYTES)
    fits = whole.need.total_bytes <= hardware.ram_bytes
    return placed.at("in main memory" if fits else "does not fit", whole, hardware.ram_bytes)


def roof(shape: Shape, hardware: Hardware) -> float | None:
    """Decode on the card at most, tokens/s: the bytes of a second over the bytes of a token. None where the cards are
    not in the table, or are of several kinds."""
    speeds = {bandwidth(card) for card in hardware.cards}
    speed = speeds.pop() if len(speeds) == 1 else None
    return None if speed is None or shape.read_bytes is None else speed / shape.read_bytes


@dataclass(frozen=True, slots=True)
class _Sum:
    batch: int
    need: MemoryNeed


@dataclass(frozen=True, slots=True)
class _Placing:
    shape: Shape
    hardware: Hardware
    context: int
    cache_type: CacheType

    def at(self, place: Place, found: _Sum, memory_bytes: int | None) -> Fit:
        speed = roof(self.shape, self.hardware) if place == "on the card" else None
        return Fit(self.shape, self.context, self.cache_type, found.batch, place, found.need, memory_bytes, speed)


def _need(shape: Shape, context: int, cache_type: CacheType, memory_bytes: int | None, overhead: int) -> _Sum:
    """The batch decides over a window's cache, and cache and weights over the batch: so the batch is taken first, from
    weights and growing cache."""
    before = shape.size_bytes + shape.cache_bytes(context, cache_type, 512) + shape.state_bytes
    batch = automatic_batch(context, before, memory_bytes)
    return _Sum(
        batch,
        MemoryNeed(
            weights_bytes=shape.size_bytes,
            kv_bytes=shape.cache_bytes(context, cache_type, batch),
            state_bytes=shape.state_bytes,
            compute_bytes=compute_bytes(shape.width, context=context, batch=batch),
            overhead_bytes=overhead,
        ),
    )
