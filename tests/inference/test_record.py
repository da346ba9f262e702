from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from inference.errors import ContextOverflowError, ModelMissingError
from inference.record import Generation, attach, of


def test_a_record_survives_the_addition_of_chunks() -> None:
    generation = Generation("ollama", "m", prompt_tokens=10, cached_tokens=4, prefill_s=0.5, done_reason="stop")
    last = AIMessageChunk(content="")
    attach(last.response_metadata, generation)
    assert of(AIMessageChunk(content="a") + AIMessageChunk(content="b") + last) == generation


def test_a_message_without_a_record_has_none() -> None:
    assert of(AIMessage("x")) is None


def test_prefill_counts_only_the_tokens_that_were_computed() -> None:
    assert Generation("e", "m", prompt_tokens=100, cached_tokens=80, prefill_s=2.0).prefill_tps == 10.0


def test_prefill_is_unknown_where_the_cached_tokens_are() -> None:
    assert Generation("e", "m", prompt_tokens=100, prefill_s=2.0).prefill_tps is None


def test_what_no_part_explains_is_the_rest() -> None:
    generation = Generation("e", "m", load_s=1.0, prefill_s=2.0, decode_s=3.0, total_s=6.5)
    assert generation.unexplained_s == pytest.approx(0.5)


def test_an_error_s_kind_is_its_name_in_small_letters() -> None:
    assert ModelMissingError("m", next_step="n").kind == "model_missing"
    overflow = ContextOverflowError("m", next_step="n", prompt_tokens=2, context_tokens=1)
    assert (overflow.kind, overflow.prompt_tokens, overflow.context_tokens) == ("context_overflow", 2, 1)
