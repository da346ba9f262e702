"""Why a model was chosen or not, in words and with its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from inference.choice.catalog import CatalogModel, Reported
from inference.choice.fit import Fit
from inference.choice.memory import SYSTEM_RESERVE_BYTES, card_overhead
from inference.choice.reading import LONG_PROMPT_TOKENS, PATIENCE_S
from inference.hardware.machine import GIB, Hardware

QUANTISED_CACHE = (("OLLAMA_FLASH_ATTENTION", "1"), ("OLLAMA_KV_CACHE_TYPE", "q8_0"))
"""Of the server, not of a model: set where `ollama serve` is started."""
DESKTOP_MEMORY = 89.6e9
"""Bytes per second of two channels of DDR5-5600, a fast desktop's main memory; what this machine has is not known."""
LEAST_SHARE = 0.2
"""Of a model outside the card, from where on main memory says more about its speed than the card does."""


def why_alternative(model: CatalogModel, found: Fit, hardware: Hardware) -> str:
    """What is known of the speed of a model that does not lie on the card whole."""
    said = [_told(report) for report in model.reported if report.place == found.place]
    outside = found.need.total_bytes - SYSTEM_RESERVE_BYTES - hardware.card_bytes
    share = min(1.0, outside / found.need.weights_bytes)
    if found.shape.read_bytes is not None and share >= LEAST_SHARE:
        most = DESKTOP_MEMORY / (found.shape.read_bytes * share)
        said.append(f"at most {most:.0f} tokens/s with {share:.0%} of it in two channels of DDR5-5600")
    if found.place == "in main memory":
        said.append("how fast a processor reads a long prompt with it was not measured")
    else:
        said.append("leave num_gpu unset: the server then keeps experts in main memory and the rest on the card")
    return "; ".join(said)


def why_not(model: CatalogModel, found: Fit, hardware: Hardware, chosen: str | None, seconds: float | None) -> str:
    """`chosen` is the tag of the choice; `seconds` those for a long prompt, None with a card."""
    needed, memory = found.need.total_bytes / GIB, (found.memory_bytes or 0) / GIB
    if found.place == "not known":
        return "the machine is not known"
    if found.place == "does not fit":
        return f"needs {needed:.1f} GiB at {found.num_ctx:,} tokens, there are {memory:.1f}"
    if model.compared:
        return "a dense model of the guide's comparison: newer ones of its size stand before it"
    if found.place == "experts in main memory" or (found.place == "in main memory" and seconds is None):
        return _too_large(found, hardware)
    if seconds is not None and seconds > PATIENCE_S:
        return f"about {seconds:.0f} s for {LONG_PROMPT_TOKENS:,} tokens of prompt on this processor (estimate)"
    if model.mixture and seconds is not None:
        return "a mixture of experts: how fast a processor reads with it was not measured"
    return "fits too" if chosen is None else f"fits too; {chosen} stands before it in the table"


def _too_large(found: Fit, hardware: Hardware) -> str:
    card = found.need.total_bytes - found.need.overhead_bytes
    card += card_overhead(len(hardware.cards), unified_memory=hardware.unified_memory)
    has = "macOS lets the GPU use" if hardware.unified_memory else "the card has"
    return f"needs {card / GIB:.1f} GiB at {found.num_ctx:,} tokens, {has} {hardware.card_bytes / GIB:.1f}"


def reasons(hardware: Hardware, wanted: int, model: CatalogModel, found: Fit, why: str) -> Iterator[str]:
    """Of a choice: the model, and each option with what it is left or set to."""
    yield f"{model.tag}: {why}"
    yield f"num_ctx {found.num_ctx:,}: {_why_context(found, wanted, model)}"
    yield _why_cache(found)
    yield f"num_batch is left to the server, which takes {found.batch:,} then"
    if found.batch == 512 and found.num_ctx > 4096:
        yield "that is half of what it takes at this context, since the model fills over 75 % of the memory"
    yield "num_gpu is left to the server: set, it ends the fitting that keeps experts outside a card that is too small"
    yield "one request at a time (OLLAMA_NUM_PARALLEL is 1 by itself): each more has a KV cache of its own"
    yield from _speed(model, found)
    yield from _in_use(hardware, found)


def _speed(model: CatalogModel, found: Fit) -> Iterator[str]:
    """What is known of the decode rate beforehand: a roof by the card's bandwidth, and what others reported."""
    told = [_told(report) for report in model.reported if report.place == found.place]
    if found.roof_tps is not None:
        told.insert(0, f"the card's memory allows {found.roof_tps:.0f} tokens/s at the very most (a roof)")
    yield f"speed: {'; '.join(told) or 'not known before it is measured'}; `speedking bench` measures it"


def _why_context(found: Fit, wanted: int, model: CatalogModel) -> str:
    if found.num_ctx == wanted:
        return "as wanted"
    if model.trained_context < wanted:
        return f"{wanted:,} were wanted, the model was trained on {model.trained_context:,}"
    return f"{wanted:,} were wanted: shortened so that the model stays in its memory"


def _why_cache(found: Fit) -> str:
    if found.cache_type == "f16":
        return "KV cache in 16 bits: the default, and the fastest on a processor"
    saved = found.shape.cache_bytes(found.num_ctx, "f16", found.batch) - found.need.kv_bytes
    return (
        f"KV cache in 8 bits saves {saved / GIB:.2f} GiB, without which the context does not fit: start the server "
        f"with {' '.join(f'{name}={value}' for name, value in QUANTISED_CACHE)}"
    )


def _in_use(hardware: Hardware, found: Fit) -> Iterator[str]:
    """What is taken just now, where that leaves too little: a loaded model, a desktop, a browser."""
    if found.place == "on the card" and not hardware.unified_memory:
        used = sum(card.used_bytes or 0 for card in hardware.cards)
        if used and found.need.total_bytes - found.need.overhead_bytes > hardware.card_bytes - used:
            yield f"{used / GIB:.1f} GiB of the card are in use now: a loaded model (`ollama ps`) or other programs"
    elif hardware.available_bytes is not None:
        wanted = found.need.total_bytes - found.need.overhead_bytes
        if wanted > hardware.available_bytes:
            free = hardware.available_bytes / GIB
            yield f"only {free:.1f} GiB of main memory are free now: close other programs before it is loaded"


def _told(report: Reported) -> str:
    low, high = report.decode_tps
    rate = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"reported {rate} tokens/s on {report.on}"
