"""Whether the prompt cache holds between the cycles of an agent: measured on a short loop of prepared calls."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inference.doctor.finding import Finding, fine, unknown
from inference.doctor.patient import Patient
from inference.doctor.requests import SEARCH
from inference.errors import ContextOverflowError
from inference.purposes import RAG
from inference.record import Generation, of

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage

CYCLES = 5
HEAD_WORDS, RESULT_WORDS, WRITTEN_TOKENS = 600, 120, 24
SHORTER, SHORTEST = (1.0, 0.5), 0.2
"""Parts of these texts that are tried in turn."""
KEPT, LOST = 0.6, 0.3
"""Share of the last prompt that is found in the cache: above the one it is kept, below the other lost."""
VLLM_STEP = "start vLLM with prefix caching (--enable-prefix-caching, on by itself where the model allows it)"
WORDS = "the report of the year names costs and income for each part of the house and says what changed since".split()


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Cycles 2 to 5 together: the share of the prompt before that was not computed again, 0 to 1, None where it cannot
    be told; and how it is known."""

    kept_share: float | None
    evidence: str


def prefix_cache(patient: Patient) -> Iterator[Finding]:
    """Cycles with thinking off, and on where the model can."""
    for think in [False, True] if patient.connection.can_think else [False]:
        yield _judged(cache_use(run_cycles(patient, think=think)), think, vllm=patient.on_vllm)


def run_cycles(patient: Patient, *, think: bool) -> list[Generation]:
    """Five turns over one growing conversation, with shorter texts where the context is too small for them. Raises
    ContextOverflowError where it is too small for any."""
    for part in SHORTER:
        try:
            return _cycles(patient, think, part)
        except ContextOverflowError:
            continue
    return _cycles(patient, think, SHORTEST)


def _cycles(patient: Patient, think: bool, part: float) -> list[Generation]:
    """In each turn the model's own words, a prepared call, a prepared result. A nonce stands first, so the first
    prompt is computed whole."""
    from langchain_core.messages import HumanMessage, SystemMessage

    limit = WRITTEN_TOKENS * (8 if think else 1)
    connection = patient.connection.purposed(replace(RAG, think=think, num_predict=limit))
    chat = connection.chat.bind_tools([SEARCH]) if connection.tools else connection.chat
    head = f"{secrets.token_hex(8)} {_text(round(HEAD_WORDS * part), 0)}"
    messages: list[BaseMessage] = [SystemMessage(head), HumanMessage("What changed? Search before you answer.")]
    records = []
    for cycle in range(CYCLES):
        message = chat.invoke(messages)
        if (record := of(message)) is not None:
            records.append(record)
        messages += _turn(message, cycle, _text(round(RESULT_WORDS * part), cycle + 1), tools=connection.tools)
    return records


def _turn(message: AIMessage, cycle: int, result: str, *, tools: bool) -> list[BaseMessage]:
    """What the model wrote goes back as it came; the call and its result are ours, so that every model cycles."""
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

    if not tools:
        return [AIMessage(message.content, additional_kwargs=message.additional_kwargs), HumanMessage(result)]
    call = {"name": "search", "args": {"query": f"change {cycle}"}, "id": f"call-{cycle}", "type": "tool_call"}
    said = AIMessage(message.content, additional_kwargs=message.additional_kwargs, tool_calls=[call])
    return [said, ToolMessage(json.dumps({"passages": result}), tool_call_id=f"call-{cycle}")]


def cache_use(records: Sequence[Generation]) -> CacheUse:
    """By the engine's own counts where it tells them; else bounded by time: a cycle that takes as long as its whole
    prompt took at the first cycle's rate has computed all of it.

    kept_share = sum(cached) / sum(prompt of the cycle before), over cycles 2 to 5. By time, computed tokens are
    prefill_s x first prompt / first prefill_s, and cached is the prompt less those.
    """
    if len(records) < 2:
        return CacheUse(None, "the engine wrote no records")
    first, *later = records
    before = records[:-1]
    counted = all(record.cached_tokens is not None for record in later)
    cached = [record.cached_tokens if counted else _cached_by_time(first, record) for record in later]
    earlier = [record.prompt_tokens for record in before]
    if any(value is None for value in (*cached, *earlier)):
        return CacheUse(None, "the engine tells neither cached tokens nor its times")
    share = sum(filter(None, cached)) / (sum(filter(None, earlier)) or 1)
    how = "the engine's own count" if counted else "bounded by the time of prefill"
    told = ", ".join(f"{c:,} of {r.prompt_tokens:,}" for c, r in zip(cached, later, strict=True))
    return CacheUse(max(0.0, min(1.0, share)), f"cached in cycles 2 to {len(records)}: {told} tokens ({how})")


def _cached_by_time(first: Generation, record: Generation) -> int | None:
    if not first.prompt_tokens or not first.prefill_s or not record.prompt_tokens or record.prefill_s is None:
        return None
    return max(0, round(record.prompt_tokens - record.prefill_s * first.prompt_tokens / first.prefill_s))


def _judged(use: CacheUse, think: bool, *, vllm: bool) -> Finding:
    check = f"prefix cache, thinking {'on' if think else 'off'}"
    if use.kept_share is None:
        told = "; vLLM tells it with --enable-prompt-tokens-details" if vllm else ""
        return unknown(check, f"{use.evidence}{told}")
    share = f"{use.kept_share:.0%} of each earlier prompt came from the cache"
    if use.kept_share >= KEPT:
        return fine(check, share, use.evidence)
    if use.kept_share > LOST:
        return Finding(check, "advice", share, use.evidence, "keep the head of the prompt and the tools as they are")
    said = f"the cache is lost between cycles: {share}, the rest is computed again in every cycle"
    return Finding(check, "fault", said, use.evidence, VLLM_STEP if vllm else _newer(think))


def _newer(think: bool) -> str:
    without = ", or run agents without --think" if think else ""
    return (
        "update Ollama or llama.cpp (hybrid models such as Qwen 3.5 and 3.6 lose it in some versions)"
        f"{without}; a dense or plain mixture-of-experts model (qwen3:30b-a3b) keeps it"
    )


def _text(words: int, start: int) -> str:
    """Words that differ from one result to the next."""
    return " ".join(f"{WORDS[(start + n) % len(WORDS)]}{'' if n % 7 else f' {start}{n}'}" for n in range(words))
