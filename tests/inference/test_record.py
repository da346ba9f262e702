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


@pytest.mark.parametrize(
    ("written", "chunks", "tokens"),
    [
        (153, (150, 0, 1), (150, 0, 3)),  # thinking, its end, a call of two marks and a piece
        (12, (0, 10, 0), (0, 10, 0)),
        (40, (0, 10, 0), (None, None, None)),  # several tokens in a piece
        (9, (0, 10, 0), (None, None, None)),  # more pieces than tokens
    ],
)
def test_tokens_of_each_kind_are_told_where_pieces_can_be_tokens(
    written: int, chunks: tuple[int, int, int], tokens: tuple[int | None, int | None, int | None]
) -> None:
    thinking, answer, call = chunks
    generation = Generation(
        "ollama", "m", decode_tokens=written, thinking_chunks=thinking, answer_chunks=answer, call_chunks=call
    )
    assert (generation.thinking_tokens, generation.answer_tokens, generation.call_tokens) == tokens


def test_the_client_s_rate_is_over_the_gaps_between_tokens() -> None:
    generation = Generation("ollama", "m", decode_tokens=11, ttft_s=1.0, last_token_s=3.0)
    assert generation.decode_client_tps == 5.0
    assert Generation("ollama", "m", decode_tokens=11, ttft_s=1.0).decode_client_tps is None
