"""Rules of the linter: the options with which a model is loaded (context, batch, card, threads)."""

from __future__ import annotations

from collections.abc import Iterator

from inference.choice.memory import automatic_batch
from inference.modelfile.findings import Draft, LintFinding
from inference.purposes import LONG_PROMPT_CONTEXT, RAG

LEAST_CONTEXT = 512
_GIB = 1 << 30
_SERVER_CONTEXTS = ((47 * _GIB, 262_144), (23 * _GIB, 32_768), (0, 4_096))
"""(memory of the card from which, num_ctx that the server takes) where a model sets none."""


def server_context(card_bytes: int | None) -> int:
    """The context that the server gives a model that sets none, unless OLLAMA_CONTEXT_LENGTH is set."""
    return next(context for least, context in _SERVER_CONTEXTS if (card_bytes or 0) >= least)


def context(draft: Draft) -> Iterator[LintFinding]:
    """num_ctx: left out, above what the model was trained on, or too small for a long prompt."""
    line, asked, trained = draft.parameter("num_ctx"), draft.value("num_ctx"), draft.base.trained_context
    wanted = min(RAG.context_tokens, trained or RAG.context_tokens)
    if asked is None:
        card = draft.machine.card_bytes
        below = "" if card is not None else " below 23 GiB of card"
        yield draft.find(
            draft.last("from"),
            "harmful",
            evidence=f"no num_ctx: the server takes {server_context(card):,}{below}",
            reason="a prompt of 10,000 tokens would be cut without a word; the context belongs into the model",
            added=[f"PARAMETER num_ctx {wanted}"],
        )
    elif line is None:
        return
    elif asked < LEAST_CONTEXT:
        yield draft.find(
            line,
            "harmful",
            evidence=f"num_ctx {asked:g}",
            reason="nothing fits: a context holds the prompt and the answer",
            mended=f"PARAMETER num_ctx {wanted}",
        )
    elif trained and asked > trained:
        yield draft.find(
            line,
            "no effect",
            evidence=f"the model was trained on {trained:,} tokens, and the server goes no further",
            reason="a figure that is not in force misleads whoever packs a prompt by it",
            mended=f"PARAMETER num_ctx {trained}",
        )
    elif asked < LONG_PROMPT_CONTEXT:
        yield draft.find(
            line,
            "advice",
            evidence=f"{asked:,.0f} tokens hold the prompt and the answer",
            reason=f"a prompt of 10,000 tokens needs {LONG_PROMPT_CONTEXT:,}; right where memory is short",
        )


def batch(draft: Draft) -> Iterator[LintFinding]:
    line, context_tokens, pinned = draft.parameter("num_batch"), draft.context(), draft.value("num_batch")
    if line is None or pinned is None or context_tokens is None:
        return
    memory = draft.machine.card_bytes if draft.base.size_bytes else None
    auto = automatic_batch(context_tokens, draft.base.size_bytes or 0, memory)
    if pinned < auto:
        reads = "half as many tokens" if pinned * 2 == auto else "fewer tokens"
        reason = f"it reads a long prompt with {reads} at once"
    elif pinned > auto:
        reason = "it takes memory for buffers that the server would have left to the model, and may fail to load"
    else:
        reason = "the same figure, but no longer lowered where memory is short"
    yield draft.find(
        line,
        "harmful" if pinned != auto else "no effect",
        evidence=f"at num_ctx {context_tokens:,} the server picks {auto:,} by itself; a set one switches that off",
        reason=reason,
        mended=None,
    )


def layers_on_the_card(draft: Draft) -> Iterator[LintFinding]:
    line, layers = draft.parameter("num_gpu"), draft.value("num_gpu")
    if line is None or layers is None:
        return
    if layers < 0 and draft.base.parameter("num_gpu") is not None:
        return  # it takes the base's own number back
    if layers < 0:
        yield draft.find(
            line, "no effect", evidence="-1 is what stands there by itself", reason="the server fits it", mended=None
        )
    elif layers == 0:
        yield draft.find(
            line,
            "advice",
            evidence="num_gpu 0 keeps every layer off the card",
            reason="right to leave a card to others; without a card it changes nothing",
        )
    else:
        yield draft.find(
            line,
            "harmful",
            evidence=f"it becomes `-ngl {layers:g}` on the runner's command line, and the automatic fit is given up",
            reason="the fit keeps experts in main memory and the rest on the card; a set number of layers runs out of "
            "memory on a small card",
            mended=None,
        )


def kept_from_the_start(draft: Draft) -> Iterator[LintFinding]:
    line, kept, context_tokens = draft.parameter("num_keep"), draft.value("num_keep"), draft.context()
    if line is None or kept is None or context_tokens is None or 0 <= kept < context_tokens / 2:
        return
    held = "the whole prompt" if kept < 0 else f"{min(kept, context_tokens):,.0f} of {context_tokens:,} tokens"
    yield draft.find(
        line,
        "harmful",
        evidence=f"it keeps {held} from the start",
        reason="a prompt that is too long loses its end then, which is the question; left out, 4 tokens are kept",
        mended=None,
    )


def threads(draft: Draft) -> Iterator[LintFinding]:
    line, wanted, cores = draft.parameter("num_thread"), draft.value("num_thread"), draft.machine.physical_cores
    if line is None or wanted is None:
        return
    if wanted <= 0 and draft.base.parameter("num_thread") is not None:
        return  # it takes the base's own number back
    if wanted <= 0:
        yield draft.find(line, "no effect", evidence="0 leaves it to the server", reason="so does no line", mended=None)
    elif cores is not None and wanted > cores:
        yield draft.find(
            line,
            "harmful",
            evidence=f"this machine has {cores} physical cores",
            reason="threads wait for each other at every step: two on one core hold up all (59 tokens/s became 1.6 to "
            "5.2 on two cores with one busy)",
            mended=None,
        )
    else:
        yield draft.find(
            line,
            "advice",
            evidence="the server counts the cores by itself",
            reason="of use where others work on the machine: one less than the free cores",
        )


RULES = (context, batch, layers_on_the_card, kept_from_the_start, threads)
