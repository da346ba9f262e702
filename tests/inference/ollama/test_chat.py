"""Chats through langchain-ollama and our transport with a stand-in that answers as Ollama does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.runnables import ConfigurableField

from inference import Connection, connect
from inference.address import ollama_address
from inference.errors import (
    ContextOverflowError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
    ToolCallError,
)
from inference.ollama.chat import ollama_chat
from inference.record import Generation, of
from inference.token_estimate import TokenEstimate
from tests.inference.stand_in import Model, OllamaStandIn, Turn


@pytest.fixture
def server() -> Iterator[OllamaStandIn]:
    models = {"qwen:1b": Model(capabilities=("completion", "tools")), "deep:1b": Model(("completion", "thinking"))}
    with OllamaStandIn(models) as running:
        yield running


@pytest.fixture
def connection(server: OllamaStandIn) -> Connection:
    return connect("ollama", "qwen:1b", base_url=server.url, max_output_tokens=77)


def record(message: Any) -> Generation:
    generation = of(message)
    assert generation is not None
    return generation


def streamed(connection: Connection, prompt: str) -> list[AIMessageChunk]:
    return [chunk for chunk in connection.chat.stream(prompt) if isinstance(chunk, AIMessageChunk)]


def whole(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    first, *rest = chunks
    return first.__add__(rest) if rest else first


def search(query: str) -> str:
    """Search the documents."""
    return query


def test_every_request_refuses_to_be_cut_and_says_what_it_wants(connection: Connection, server: OllamaStandIn) -> None:
    connection.chat.invoke("hello")
    body = server.chats()[0].body
    assert body["truncate"] is False
    assert body["think"] is False
    assert body["options"] == {
        "temperature": 0.0,
        "top_p": 0.9,
        "top_k": 40,
        "min_p": 0.0,
        "presence_penalty": 0.0,
        "repeat_penalty": 1.0,
        "seed": 1,
        "num_predict": 77,
    }


def test_the_record_holds_the_server_s_numbers_in_seconds(connection: Connection, server: OllamaStandIn) -> None:
    message = connection.chat.invoke("one two three")
    assert message.content == "Paris it is"
    generation = record(message)
    assert (generation.engine, generation.model) == ("ollama", "qwen:1b")
    assert (generation.prompt_tokens, generation.decode_tokens, generation.done_reason) == (3, 2, "stop")
    assert (generation.load_s, generation.prefill_s, generation.decode_s) == pytest.approx((0.001, 0.005, 0.012))
    assert generation.engine_total_s == pytest.approx(0.02)
    assert (generation.cached_tokens, generation.cached_source) == (None, None)


def test_times_come_in_their_order(connection: Connection) -> None:
    generation = record(connection.chat.invoke("hello"))
    assert generation.ttft_s is not None
    assert generation.ttfa_s is not None
    assert generation.total_s is not None
    assert 0 < generation.ttft_s <= generation.ttfa_s <= generation.total_s


def test_a_stream_carries_one_record_on_its_last_chunk_with_metadata(connection: Connection) -> None:
    chunks = streamed(connection, "hello")
    assert [chunk.content for chunk in chunks if chunk.content] == ["Paris", " it is"]
    assert len([chunk for chunk in chunks if of(chunk) is not None]) == 1
    assert record(whole(chunks)).decode_tokens == 2


def test_the_cached_tokens_that_the_client_drops_are_kept(connection: Connection, server: OllamaStandIn) -> None:
    server.turns = [Turn(done={"prompt_eval_cached_count": 0})]
    generation = record(connection.chat.invoke("one two three"))
    assert (generation.cached_tokens, generation.cached_source) == (0, "field")
    assert generation.prefill_tps == pytest.approx(3 / 0.005)


def test_thinking_is_a_token_and_no_answer(server: OllamaStandIn) -> None:
    connection = connect("ollama", "deep:1b", base_url=server.url, think=True)
    server.turns = [Turn(lines=[{"content": "", "thinking": "hm"}])]
    message = connection.chat.invoke("hello")
    assert connection.thinking
    assert server.chats()[0].body["think"] is True
    assert message.additional_kwargs["reasoning_content"] == "hm"
    assert record(message).ttft_s is not None
    assert record(message).ttfa_s is None


def test_a_model_that_cannot_think_is_never_asked_to(server: OllamaStandIn) -> None:
    connection = connect("ollama", "qwen:1b", base_url=server.url, think=True)
    connection.chat.invoke("hello")
    assert connection.thinking is False
    assert server.chats()[0].body["think"] is False


def test_tool_calls_come_as_tool_calls(connection: Connection, server: OllamaStandIn) -> None:
    call = {"id": "c", "function": {"index": 0, "name": "search", "arguments": {"query": "moe"}}}
    server.turns = [Turn(lines=[{"content": "", "tool_calls": [call]}])]
    message = connection.chat.bind_tools([search]).invoke("hello")
    assert isinstance(message, AIMessage)
    assert [(c["name"], c["args"]) for c in message.tool_calls] == [("search", {"query": "moe"})]
    assert record(message).ttft_s is not None


def test_arguments_that_the_client_cannot_read_are_a_tool_call_error(
    connection: Connection, server: OllamaStandIn
) -> None:
    call = {"id": "c", "function": {"name": "search", "arguments": "{broken"}}
    server.turns = [Turn(lines=[{"content": "", "tool_calls": [call]}])]
    with pytest.raises(ToolCallError) as caught:
        connection.chat.bind_tools([search]).invoke("hello")
    assert (caught.value.raw, caught.value.kind) == ("{broken", "tool_call")


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("said", "raw"),
    [
        ("XML syntax error on line 4: element <parameter> closed by </function>", ""),
        ("failed to parse JSON: unexpected end of JSON input", ""),
        ("invalid character 'q' looking for beginning of object key string", ""),
        ("error parsing tool call: raw='{\"query\": tea', err=invalid character 't'", '{"query": tea'),
    ],
)
def test_a_call_that_the_server_cannot_read_is_a_tool_call_error(
    connection: Connection, server: OllamaStandIn, status: int, said: str, raw: str
) -> None:
    server.turns = [Turn(status=status, error=said)]
    with pytest.raises(ToolCallError, match="cannot read") as caught:
        connection.chat.bind_tools([search]).invoke("hello")
    assert caught.value.raw == raw


def test_a_server_that_falls_silent_is_told_by_how_long(server: OllamaStandIn) -> None:
    server.turns = [Turn(pause_s=1.0)]
    connection = connect("ollama", "qwen:1b", base_url=server.url, timeout_s=0.2)
    with pytest.raises(GenerationError, match=r"no byte for 0\.2 s") as caught:
        connection.chat.invoke("hello")
    assert "SPEEDKING_TIMEOUT_S" in caught.value.next_step


def test_a_prompt_that_is_too_long_is_an_error_with_both_numbers(connection: Connection) -> None:
    with pytest.raises(ContextOverflowError) as caught:
        connection.chat.invoke("word " * 5000)
    assert (caught.value.prompt_tokens, caught.value.context_tokens) == (5000, 4096)
    assert "5000" in caught.value.message
    assert "4096" in caught.value.message


def test_the_estimate_learns_from_answers_and_from_refusals(connection: Connection, server: OllamaStandIn) -> None:
    text = "word " * 1000
    assert connection.count_tokens(text) >= 1000
    server.turns = [Turn(done={"prompt_eval_count": 2000})]
    connection.chat.invoke(text)
    assert connection.count_tokens(text) >= 2000
    with pytest.raises(ContextOverflowError):
        connection.chat.invoke("word. " * 5000)
    assert connection.count_tokens(text) >= 2000


DIED_AFTER_A_REFUSAL = (
    "an error was encountered while running the model: error: task id = 7, error: request (36883 tokens) exceeds the"
    " available context size (8192 tokens), try increasing it"
)
"""The end of the runner's log, which a real Ollama adds when the runner was killed: an earlier request's refusal."""


@pytest.mark.parametrize("ways", ["invoke", "stream", "ainvoke", "astream"])
@pytest.mark.parametrize(
    ("turn", "kind", "said"),
    [
        (Turn(error="an error was encountered while running the model: unexpected EOF"), GenerationError, "EOF"),
        (Turn(error=DIED_AFTER_A_REFUSAL), GenerationError, "in the middle of the answer"),
        (Turn(cut=True), GenerationError, "broke off"),
        (Turn(status=404, error="model 'qwen:1b' not found"), ModelMissingError, "qwen:1b"),
        (Turn(status=500, error='option "num_batch" must be of type integer'), ModelUnsuitableError, "num_batch"),
        (Turn(status=500, error="something else"), GenerationError, "something else"),
    ],
)
def test_what_goes_wrong_is_one_of_our_errors_with_a_next_step(
    connection: Connection, server: OllamaStandIn, ways: str, turn: Turn, kind: type[Exception], said: str
) -> None:
    server.turns = [turn]
    with pytest.raises(kind, match=said) as caught:
        run(connection, ways)
    assert getattr(caught.value, "next_step", "")


@pytest.mark.parametrize("way", ["invoke", "astream"])
def test_a_queue_that_stays_full_is_told_after_the_patience(server: OllamaStandIn, way: str) -> None:
    server.turns = [Turn(status=503, error="server busy, please try again")]
    connection = connect("ollama", "qwen:1b", base_url=server.url, timeout_s=0.5)
    with pytest.raises(EngineUnavailableError, match="busy"):
        run(connection, way)
    assert len(server.chats()) > 1


@pytest.mark.parametrize("way", ["invoke", "astream"])
def test_a_full_queue_is_waited_for_and_the_wait_is_on_record(
    connection: Connection, server: OllamaStandIn, way: str
) -> None:
    server.turns = [Turn(status=503, error="server busy, please try again"), Turn()]
    generation = record(run(connection, way))
    assert generation.queued_s is not None
    assert generation.queued_s > 0
    assert generation.total_s is not None
    assert generation.total_s < generation.queued_s


def run(connection: Connection, way: str) -> Any:
    if way == "invoke":
        return connection.chat.invoke("hello")
    if way == "stream":
        return whole(streamed(connection, "hello"))
    if way == "ainvoke":
        return asyncio.run(connection.chat.ainvoke("hello"))

    async def collect() -> list[AIMessageChunk]:
        return [chunk async for chunk in connection.chat.astream("hello") if isinstance(chunk, AIMessageChunk)]

    return whole(asyncio.run(collect()))


@pytest.mark.parametrize("way", ["invoke", "stream", "ainvoke", "astream"])
def test_every_way_of_asking_brings_the_record(connection: Connection, way: str) -> None:
    assert record(run(connection, way)).decode_tokens == 2


def test_a_model_without_tools_says_so(server: OllamaStandIn) -> None:
    connection = connect("ollama", "deep:1b", base_url=server.url)
    assert connection.tools is False
    with pytest.raises(ModelUnsuitableError, match="tools"):
        connection.chat.bind_tools([search]).invoke("hello")


def test_two_streams_in_one_thread_keep_their_own_records(connection: Connection, server: OllamaStandIn) -> None:
    server.turns = [Turn(done={"prompt_eval_count": 11}), Turn(done={"prompt_eval_count": 22})]
    first, second = connection.chat.stream("a"), connection.chat.stream("b")
    next(first), next(second)
    counts = [record(whole([c for c in s if isinstance(c, AIMessageChunk)])).prompt_tokens for s in (second, first)]
    assert counts == [22, 11]


def test_chats_in_many_threads_keep_their_own_records(connection: Connection) -> None:
    got: dict[int, int | None] = {}

    def ask(words: int) -> None:
        got[words] = record(connection.chat.invoke("w " * words)).prompt_tokens

    threads = [Thread(target=ask, args=(words,)) for words in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {words: words for words in range(1, 9)}


def test_a_server_that_stops_in_between_is_no_server() -> None:
    with OllamaStandIn() as server:
        connection = connect("ollama", "qwen:1b", base_url=server.url)
    with pytest.raises(EngineUnavailableError, match=server.url):
        connection.chat.invoke("hello")


def test_a_slow_look_at_the_slots_does_not_hold_up_the_event_loop(server: OllamaStandIn) -> None:
    """The runner is asked in a thread: another task goes on meanwhile."""
    order: list[str] = []

    def ask_slot() -> None:
        order.append("asked")
        time.sleep(0.3)
        order.append("told")

    chat = ollama_chat(
        ollama_address(server.url),
        "qwen:1b",
        think=False,
        max_output_tokens=9,
        timeout_s=9,
        estimate=TokenEstimate(),
        ask_slot=ask_slot,
    )

    async def both() -> None:
        async def other() -> None:
            while "asked" not in order:
                await asyncio.sleep(0.01)
            order.append("other")

        await asyncio.gather(chat.ainvoke("hello"), other())

    asyncio.run(both())
    assert order == ["asked", "other", "told"]


def test_a_model_that_langchain_makes_anew_goes_the_same_way(connection: Connection, server: OllamaStandIn) -> None:
    field = ConfigurableField(id="length")
    chat = connection.chat.configurable_fields(num_predict=field).with_config(configurable={"length": 5})
    assert record(chat.invoke("hello")).engine == "ollama"
    assert server.chats()[-1].body["options"]["num_predict"] == 5


def test_an_answer_that_comes_whole_has_no_pieces_to_count(connection: Connection) -> None:
    generation = record(connection.chat.invoke("hello", stream=False))
    assert generation.decode_tokens
    assert (generation.answer_chunks, generation.answer_tokens, generation.ttft_s) == (None, None, None)


def test_tokens_are_counted_by_the_estimate_and_nothing_is_fetched_for_it(connection: Connection) -> None:
    text = "word " * 1000
    assert connection.chat.get_num_tokens(text) == connection.count_tokens(text)
