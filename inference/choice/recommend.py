"""Which model of the table, with which options, for a machine and a wanted context; with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference.choice.catalog import CatalogModel, models
from inference.choice.fit import Fit, Place, fit, shape_of
from inference.choice.kv_cache import CacheType
from inference.choice.reading import LONG_PROMPT_TOKENS, PATIENCE_S, reading_s
from inference.choice.reasons import QUANTISED_CACHE, reasons, why_alternative, why_not
from inference.hardware.machine import Hardware
from inference.purposes import LONG_PROMPT_CONTEXT

CACHE_TYPES: tuple[CacheType, ...] = ("f16", "q8_0")
SMALLER_CONTEXTS = (LONG_PROMPT_CONTEXT, 8_192, 4_096)
"""Tried before the card is left; 12,288 still holds a prompt of 10,000 tokens and its answer."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of the table as it would run, and why it was taken or not. `reading_s` is set without a card: an estimate
    of the seconds for a prompt of 10,000 tokens."""

    model: CatalogModel
    fit: Fit
    why: str
    reading_s: float | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`choice` is None where nothing fits or the machine is not known. `alternative` is a larger mixture of experts
    that runs partly or wholly in main memory. `environment` is for the server; `others` are all that were not taken,
    in the order of the table. Parallel requests are 1, num_batch and num_gpu left to the server, always."""

    hardware: Hardware
    context_tokens: int
    choice: Candidate | None
    alternative: Candidate | None
    environment: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    others: tuple[Candidate, ...]


def recommend(
    hardware: Hardware,
    context_tokens: int,
    table: Sequence[CatalogModel] | None = None,
    cache_types: Sequence[CacheType] = CACHE_TYPES,
) -> Recommendation:
    """The first model of the table that fits the card at the wanted context, KV in 16 bits, else in 8; else at a
    smaller context; else with its experts in main memory. Without a card the first dense one that reads a prompt of
    10,000 tokens in three minutes, else the smallest that fits. `cache_types` are those that the server can be given;
    of one that runs already, the one that it has."""
    table = models() if table is None else table
    chosen = None if hardware.source == "unknown" else _chosen(hardware, context_tokens, table, cache_types)
    alternative = None if chosen is None else _alternative(hardware, context_tokens, table, chosen)
    named = [candidate.model.tag for candidate in (chosen, alternative) if candidate is not None]
    others = tuple(_other(m, hardware, context_tokens, chosen) for m in table if m.tag not in named)
    quantised = chosen is not None and chosen.fit.cache_type != "f16"
    return Recommendation(
        hardware=hardware,
        context_tokens=context_tokens,
        choice=chosen,
        alternative=alternative,
        environment=QUANTISED_CACHE if quantised else (),
        reasons=tuple(_said(hardware, context_tokens, chosen)),
        others=others,
    )


def _chosen(
    hardware: Hardware, wanted: int, table: Sequence[CatalogModel], cache_types: Sequence[CacheType]
) -> Candidate | None:
    able = [model for model in table if not model.compared]
    if hardware.cards:
        return _on_card(hardware, wanted, able, cache_types) or _off_card(hardware, wanted, able)
    return _on_processor(hardware, wanted, [model for model in able if not model.mixture])


def _on_card(
    hardware: Hardware, wanted: int, able: Sequence[CatalogModel], cache_types: Sequence[CacheType]
) -> Candidate | None:
    for context in (wanted, *_smaller(wanted)):
        for model in able:
            for kind in cache_types:
                found = fit(shape_of(model), hardware, _within(model, context), kind)
                if found.place == "on the card":
                    return Candidate(model, found, "the first of the table that fits the card")
    return None


def _off_card(hardware: Hardware, wanted: int, able: Sequence[CatalogModel]) -> Candidate | None:
    """Nothing fits the card: experts outside it, else main memory."""
    places: tuple[Place, ...] = ("experts in main memory", "in main memory")
    for place in places:
        for model in able if place == "experts in main memory" else reversed(able):
            found = fit(shape_of(model), hardware, _within(model, wanted))
            if found.place == place:
                return Candidate(model, found, f"no model of the table fits the card; this one runs {place}")
    return None


def _on_processor(hardware: Hardware, wanted: int, able: Sequence[CatalogModel]) -> Candidate | None:
    for context in (wanted, *_smaller(wanted)):
        fits = [_timed(model, hardware, context) for model in able]
        fits = [found for found in fits if found.fit.place == "in main memory"]
        quick = [found for found in fits if (found.reading_s or 0) <= PATIENCE_S]
        if quick:
            return quick[0]
        if fits:
            return min(fits, key=lambda found: found.reading_s or 0)
    return None


def _timed(model: CatalogModel, hardware: Hardware, context: int) -> Candidate:
    found = fit(shape_of(model), hardware, _within(model, context))
    seconds = reading_s(model, hardware)
    why = f"no card: a small dense model; about {seconds:.0f} s for {LONG_PROMPT_TOKENS:,} tokens of prompt (estimate)"
    return Candidate(model, found, why, seconds)


def _alternative(hardware: Hardware, wanted: int, table: Sequence[CatalogModel], chosen: Candidate) -> Candidate | None:
    """The first mixture of experts before the chosen model that main memory has room for."""
    for model in table:
        if model.tag == chosen.model.tag:
            return None
        found = fit(shape_of(model), hardware, _within(model, wanted))
        if model.mixture and found.place in ("experts in main memory", "in main memory"):
            return Candidate(model, found, why_alternative(model, found, hardware))
    return None


def _other(model: CatalogModel, hardware: Hardware, wanted: int, chosen: Candidate | None) -> Candidate:
    found = fit(shape_of(model), hardware, _within(model, wanted))
    seconds = None if hardware.cards or hardware.source == "unknown" else reading_s(model, hardware)
    return Candidate(
        model, found, why_not(model, found, hardware, None if chosen is None else chosen.model.tag, seconds), seconds
    )


def _within(model: CatalogModel, context: int) -> int:
    return min(context, model.trained_context)


def _smaller(wanted: int) -> tuple[int, ...]:
    return tuple(context for context in SMALLER_CONTEXTS if context < wanted)


def _said(hardware: Hardware, wanted: int, chosen: Candidate | None) -> Iterator[str]:
    yield from hardware.notes
    if hardware.source == "unknown":
        yield "the server runs on another machine: what fits there is not known; say what it has with --machine"
    elif chosen is None:
        yield "no model of the table fits this machine"
    else:
        yield from reasons(hardware, wanted, chosen.model, chosen.fit, chosen.why)
