"""A real Ollama, where one answers at OLLAMA_HOST and a small model is named."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from langchain_core.messages import AIMessageChunk

from inference import Connection, apply_tuning, connect, plan_tuning, runner_of
from inference.address import ollama_address
from inference.errors import ContextOverflowError
from inference.record import of
from tests.inference.real_ollama import MODEL, why_not

CONTEXT = 2048


REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    plan = plan_tuning(MODEL, num_ctx=CONTEXT)
    result = apply_tuning(plan)
    assert result.all_in_force
    yield connect("ollama", plan.tag, max_output_tokens=24)
    url = f"{ollama_address().url}/api/delete"
    httpx.request("DELETE", url, json={"model": plan.tag}, trust_env=False).raise_for_status()


def test_the_tuned_context_is_in_force_everywhere_it_can_be_read(connection: Connection) -> None:
    connection.chat.invoke("Say hello.")
    assert connection.context_tokens == CONTEXT
    runner = runner_of(connection)
    if runner is None:
        pytest.skip("the server's processes cannot be seen")
    assert runner.context == str(CONTEXT)


def test_a_stream_adds_up(connection: Connection) -> None:
    first, *rest = [c for c in connection.chat.stream("Name three colours.") if isinstance(c, AIMessageChunk)]
    generation = of(first.__add__(rest))
    assert generation is not None
    assert generation.decode_tokens
    assert generation.ttft_s is not None
    assert generation.total_s is not None
    assert generation.ttft_s <= generation.total_s
    assert generation.unexplained_s is not None
    assert generation.unexplained_s >= 0


def test_a_repeated_prompt_is_seen_to_come_from_the_cache(connection: Connection) -> None:
    for _ in range(2):
        generation = of(connection.chat.invoke("Tell me about the colour blue."))
    assert generation is not None
    assert generation.prompt_tokens is not None
    if generation.cached_tokens is None:
        pytest.skip("neither the server nor its runner tells the cached tokens")
    assert generation.cached_tokens >= generation.prompt_tokens - 2


def test_an_overflow_has_both_numbers_and_the_estimate_was_high(connection: Connection) -> None:
    text = "The quick brown fox jumps over the lazy dog. " * 400
    guess = connection.count_tokens(text)
    with pytest.raises(ContextOverflowError) as caught:
        connection.chat.invoke(text)
    assert caught.value.context_tokens == CONTEXT
    assert guess >= caught.value.prompt_tokens - 60
