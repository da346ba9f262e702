"""The options of a tuned model: its context by the arithmetic of memory, the rest by its purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inference.choice.fit import Fit, Shape, fit
from inference.choice.kv_cache import CacheType
from inference.choice.recommend import SMALLER_CONTEXTS
from inference.errors import UsageError
from inference.hardware.machine import Hardware
from inference.modelfile.parameters import TunedOption
from inference.purposes import LONG_PROMPT_CONTEXT, THINKING_TOKENS, Purpose

LEAST_CONTEXT = 512

LEFT_ALONE: Mapping[str, str] = {
    "flash attention": "no model option: the server's OLLAMA_FLASH_ATTENTION, and on by itself where supported",
    "num_batch": "the server picks 512 to 2,048 by context and memory; a fixed 512 halves it at 32K",
    "num_gpu": "set, it switches off the fitting that keeps experts in main memory and the rest on the card",
    "num_keep": "tokens kept from the start: near num_ctx it drops the end of a long prompt, the question",
    "num_thread": "the server counts the cores; set it only on a machine that is shared",
}
"""What other guides set and we do not, with the reason."""


def fitted_context(shape: Shape, hardware: Hardware, wanted: int, cache_type: CacheType = "f16") -> Fit:
    """The wanted context, or a smaller one where that keeps the model on the card, or in memory at all.

    The context shrinks before the card is left: a model that waits for main memory is slower on every token.
    """
    trained = shape.trained_context
    tried = [fit(shape, hardware, context, cache_type) for context in _contexts(wanted, trained)]
    best = ("on the card",) if hardware.cards else ("in main memory", "not known")
    for found in tried:
        if found.place in best:
            return found
    return next((found for found in tried if found.place != "does not fit"), tried[-1])


def asked_context(asked: int, trained: int | None) -> int:
    """Raises UsageError for a context that the model cannot have."""
    if asked < LEAST_CONTEXT or (trained and asked > trained):
        limit = f"{LEAST_CONTEXT} to {trained:,}" if trained else f"at least {LEAST_CONTEXT}"
        raise UsageError(f"--num-ctx is {asked:,}", next_step=f"this model takes {limit} tokens")
    return asked


def options(found: Fit, purpose: Purpose, *, asked: bool, num_thread: int | None) -> Iterator[TunedOption]:
    """Every option with its reason. All of a purpose's are set, since the base's own values would be inherited."""
    inherited = "set because the base's own value would be inherited"
    yield TunedOption("num_ctx", found.num_ctx, _why_context(found, purpose, asked))
    if num_thread is not None:
        yield TunedOption("num_thread", num_thread, "as you asked: on a machine that is shared, fewer than its cores")
    # For a program that sets no limit of its own, thoughts included; speedking sends its own with each request.
    most = min(max(purpose.num_predict, THINKING_TOKENS), found.num_ctx // 4)
    yield TunedOption("num_predict", most, "an answer ends: left open, it may run to ten times the context")
    yield TunedOption("temperature", purpose.temperature, f"for {purpose.name}: {purpose.reason}")
    yield TunedOption("top_k", purpose.top_k, f"for {purpose.name}; {inherited}")
    yield TunedOption("top_p", purpose.top_p, f"for {purpose.name}; {inherited}")
    yield TunedOption("min_p", purpose.min_p, f"for {purpose.name}; {inherited}")
    yield TunedOption("presence_penalty", purpose.presence_penalty, f"for {purpose.name}; {inherited}")
    yield TunedOption("repeat_penalty", purpose.repeat_penalty, f"1 is off; {inherited}")


def notes(found: Fit, trained_context: int | None) -> Iterator[str]:
    """What the person should know of a plan."""
    if found.num_ctx < LONG_PROMPT_CONTEXT:
        yield f"a prompt of 10,000 tokens does not fit into {found.num_ctx:,}: that row is left out"
    if trained_context is None:
        yield "the context that the model was trained on is not known: no server told"
    if found.place == "does not fit":
        yield "memory is short for this model: it may not load, or swap; `speedking models` shows what fits"
    if found.place == "in main memory" and found.memory_bytes is not None:
        yield "it runs in main memory, on the processor"


def _contexts(wanted: int, trained: int | None) -> list[int]:
    within = [context for context in (wanted, *SMALLER_CONTEXTS) if context <= min(wanted, trained or wanted)]
    return within or [min(SMALLER_CONTEXTS[-1], trained or SMALLER_CONTEXTS[-1])]


def _why_context(found: Fit, purpose: Purpose, asked: bool) -> str:
    if asked:
        return "the context you asked for"
    if found.num_ctx >= purpose.context_tokens >= LONG_PROMPT_CONTEXT:
        return "room for a prompt of 10,000 tokens; left open, the server takes 4,096 below 23 GiB of card"
    if found.num_ctx >= purpose.context_tokens:
        return f"what {purpose.name} wants; left open, the server takes 4,096 below 23 GiB of card"
    return "as much as the model's training and the memory allow"
