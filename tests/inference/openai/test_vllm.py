"""vLLM's dialect through the engine openai, against a stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from inference import Connection, connect
from inference.errors import ContextOverflowError, ModelUnsuitableError, ToolCallError
from inference.purposes import PURPOSES
from inference.record import Generation, of
from tests.inference.openai_stand_in import Reply, VllmStandIn

MODEL = "Qwen/Qwen3-8B"


@pytest.fixture
def server() -> Iterator[VllmStandIn]:
    with VllmStandIn() as stand_in:
        yield stand_in


def connected(server: VllmStandIn, **options: Any) -> Connection:
    return connect("openai", base_url=server.url, **{"max_output_tokens": 50, **options})


def record(message: Any) -> Generation:
    generation = of(message)
    assert generation is not None
    return generation


def search(query: str) -> str:
    """Search the documents."""
    return query


def test_it_is_known_for_what_it_is_with_its_context(server: VllmStandIn) -> None:
    connection = connected(server)
    assert connection.why == f"{MODEL} on vLLM at {server.url}, context 1,000: the only one there"
    assert connection.context_tokens == 1000
    assert connection.tools is True
    assert (connection.facts.version, connection.facts.quantization) == ("vllm 0.11.0", "")
    assert connection.facts.options == (("num_ctx", "1000"),)


def test_the_record_has_its_counts_and_our_times_and_no_engine_s(server: VllmStandIn) -> None:
    generation = record(connected(server).chat.invoke("one two three"))
    assert (generation.engine, generation.model) == ("openai", MODEL)
    assert (generation.prompt_tokens, generation.decode_tokens) == (7, 2)
    assert (generation.prefill_s, generation.decode_s, generation.load_s) == (None, None, None)
    assert generation.prefill_tps is None
    assert generation.ttft_s is not None
    assert generation.total_s is not None
    assert 0 < generation.ttft_s <= generation.total_s
    assert generation.done_reason == "stop"


def test_every_step_and_every_kind_of_piece_is_on_the_record(server: VllmStandIn) -> None:
    """Also in an event loop. The stand-in counts a piece as a token."""
    call = {"index": 0, "id": "1", "type": "function", "function": {"name": "search", "arguments": '{"query": "a"}'}}
    deltas = ({"reasoning": "Hm"}, {"reasoning": "."}, {"content": "I look"}, {"tool_calls": [call]})
    server.replies = [Reply(deltas=deltas, finish="tool_calls")]
    chat = connected(server).chat.bind_tools([search])
    for generation in (record(chat.invoke("Where?")), record(asyncio.run(chat.ainvoke("Where?")))):
        steps = [
            generation.headers_s,
            generation.first_chunk_s,
            generation.ttft_s,
            generation.ttfa_s,
            generation.first_call_s,
            generation.total_s,
        ]
        assert None not in steps
        assert steps == sorted(steps, key=lambda step: step or 0.0)
        assert generation.last_token_s == generation.first_call_s
        assert (generation.thinking_chunks, generation.answer_chunks, generation.call_chunks) == (2, 1, 1)
        assert (generation.thinking_tokens, generation.answer_tokens, generation.call_tokens) == (2, 1, 1)
        assert generation.decode_client_tps is not None
        assert generation.queued_s == 0


def test_where_the_server_counts_no_tokens_pieces_are_none(server: VllmStandIn) -> None:
    server.replies = [Reply(usage=False)]
    generation = record(connected(server).chat.invoke("Where?"))
    assert (generation.answer_chunks, generation.decode_tokens) == (2, None)
    assert (generation.answer_tokens, generation.decode_client_tps) == (None, None)


def test_cached_tokens_are_known_only_where_it_tells_them(server: VllmStandIn) -> None:
    """Without --enable-prompt-tokens-details, and with it where none was cached, it says nothing: not 0."""
    server.replies = [Reply(), Reply(cached=6)]
    chat = connected(server).chat
    untold, told = record(chat.invoke("a b c")), record(chat.invoke("a b c"))
    assert (untold.cached_tokens, untold.cached_source) == (None, None)
    assert (told.cached_tokens, told.cached_source) == (6, "field")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_thinking_is_a_token_and_no_answer_and_is_kept(server: VllmStandIn, name: str) -> None:
    server.replies = [Reply(deltas=({name: "Hm"}, {name: ", well."}, {"content": "Paris"}))]
    chunks = [c for c in connected(server).chat.stream("Where?") if isinstance(c, AIMessageChunk)]
    whole = chunks[0].__add__(chunks[1:])
    assert whole.content == "Paris"
    assert whole.additional_kwargs["reasoning_content"] == "Hm, well."
    generation = record(whole)
    assert generation.ttft_s is not None
    assert generation.ttfa_s is not None
    assert generation.ttft_s < generation.ttfa_s


def test_an_answer_that_is_all_thinking_has_a_first_token_and_no_first_answer(server: VllmStandIn) -> None:
    server.replies = [Reply(deltas=({"reasoning": "Hm"},), finish="length")]
    generation = record(connected(server).chat.invoke("Where?"))
    assert generation.ttft_s is not None
    assert (generation.ttfa_s, generation.done_reason) == (None, "length")


def test_a_role_alone_is_no_token(server: VllmStandIn) -> None:
    server.replies = [Reply(deltas=())]
    generation = record(connected(server).chat.invoke("Where?"))
    assert (generation.ttft_s, generation.decode_tokens) == (None, 0)


def test_the_template_is_told_whether_to_think_where_it_can(server: VllmStandIn) -> None:
    server.thinks = True
    for think in (True, False):
        connection = connected(server, think=think)
        assert (connection.thinking, connection.can_think) == (think, True)
        connection.chat.invoke("hello")
        assert server.chats()[-1].body["chat_template_kwargs"] == {"enable_thinking": think}


def test_a_model_that_cannot_think_is_told_nothing_of_it(server: VllmStandIn) -> None:
    connection = connected(server, think=True)
    assert (connection.thinking, connection.can_think) == (False, False)
    connection.chat.invoke("hello")
    assert "chat_template_kwargs" not in server.chats()[-1].body


def test_a_request_says_how_words_are_drawn_and_nothing_of_ours(server: VllmStandIn) -> None:
    connected(server).chat.invoke("hello", stop=["\n"])
    body = dict(server.chats()[-1].body)
    assert body.pop("messages") == [{"role": "user", "content": "hello"}]
    rag = PURPOSES["rag"]
    assert body == {
        "model": MODEL,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 50,
        "stop": ["\n"],
        "seed": rag.seed,
        "temperature": rag.temperature,
        "top_p": rag.top_p,
        "top_k": rag.top_k,
        "min_p": rag.min_p,
        "presence_penalty": rag.presence_penalty,
        "repetition_penalty": rag.repeat_penalty,
    }


def test_another_purpose_goes_with_the_request(server: VllmStandIn) -> None:
    server.thinks = True
    creative = PURPOSES["creative"]
    connection = connected(server).purposed("creative")
    connection.writing(creative.num_predict // 4).chat.invoke("hello")
    body = server.chats()[-1].body
    assert (body["temperature"], body["max_tokens"]) == (creative.temperature, creative.num_predict // 4)
    assert "seed" not in body
    assert body["chat_template_kwargs"] == {"enable_thinking": creative.think}


def test_a_model_with_the_name_of_one_of_openai_s_is_asked_like_any_other(server: VllmStandIn) -> None:
    """langchain-openai drops the temperature of gpt-5, and asks another address for codex."""
    for name in ("gpt-5-mini", "my-codex", "o1"):
        server.models = [{"id": name, "owned_by": "vllm", "max_model_len": 1000}]
        assert connected(server).chat.invoke([("system", "Be short."), ("user", "hello")]).content == "Paris it is"
        body = server.chats()[-1].body
        assert body["temperature"] == 0
        assert body["messages"][0]["role"] == "system"


def test_tool_calls_come_in_pieces(server: VllmStandIn) -> None:
    first = {"index": 0, "id": "call-1", "type": "function", "function": {"name": "search", "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": part}} for part in ('{"query": ', '"moe"}')]
    server.replies = [Reply(deltas=[{"tool_calls": [call]} for call in (first, *pieces)], finish="tool_calls")]
    message = connected(server).chat.bind_tools([search], tool_choice="any").invoke("Find it.")
    assert isinstance(message, AIMessage)
    assert [(call["name"], call["args"], call["id"]) for call in message.tool_calls] == [
        ("search", {"query": "moe"}, "call-1")
    ]
    assert record(message).ttft_s is not None
    assert record(message).ttfa_s is None
    assert server.chats()[-1].body["tool_choice"] == "required"


def test_a_call_without_its_place_in_the_list_is_not_lost(server: VllmStandIn) -> None:
    call = {"id": "call-1", "type": "function", "function": {"name": "search", "arguments": '{"query": "moe"}'}}
    server.replies = [Reply(deltas=[{"tool_calls": [call]}], finish="tool_calls")]
    message = connected(server).chat.bind_tools([search]).invoke("Find it.")
    assert isinstance(message, AIMessage)
    assert [call["args"] for call in message.tool_calls] == [{"query": "moe"}]


@pytest.mark.parametrize("arguments", ['{"query": moe', '["moe"]', "moe"])
def test_a_call_whose_arguments_are_no_object_is_the_model_s_fault_and_told_raw(
    server: VllmStandIn, arguments: str
) -> None:
    call = {"index": 0, "id": "1", "type": "function", "function": {"name": "search", "arguments": arguments}}
    server.replies = [Reply(deltas=[{"tool_calls": [call]}], finish="tool_calls")]
    with pytest.raises(ToolCallError) as caught:
        connected(server).chat.bind_tools([search]).invoke("Find it.")
    assert caught.value.raw == f'{{"name": "search", "arguments": {arguments}}}'


def test_a_call_that_the_limit_cut_off_is_told_by_the_reason_of_the_end(server: VllmStandIn) -> None:
    call = {"index": 0, "id": "1", "type": "function", "function": {"name": "search", "arguments": '{"query": "mo'}}
    server.replies = [Reply(deltas=[{"tool_calls": [call]}], finish="length")]
    message = connected(server).chat.bind_tools([search]).invoke("Find it.")
    assert record(message).done_reason == "length"


def test_a_server_started_without_tools_says_so_beforehand_and_which_flags_it_wants(server: VllmStandIn) -> None:
    server.tools = False
    connection = connected(server)
    assert connection.tools is False
    with pytest.raises(ModelUnsuitableError) as caught:
        connection.chat.bind_tools([search]).invoke("Find it.")
    assert "--enable-auto-tool-choice" in caught.value.next_step


def test_tokens_are_counted_by_its_tokenizer_each_text_once(server: VllmStandIn) -> None:
    count = connected(server).count_tokens
    server.asked.clear()
    assert [count("one two three") for _ in range(3)] == [3, 3, 3]
    assert [came.path for came in server.asked] == ["/tokenize"]
    assert server.asked[0].body == {"model": MODEL, "prompt": "one two three", "add_special_tokens": False}


def test_a_text_longer_than_its_context_is_guessed_high_for_it_counts_none(server: VllmStandIn) -> None:
    assert connected(server).count_tokens("a b " * 600) >= 1200


def test_without_a_tokenizer_the_count_is_guessed_and_learns(server: VllmStandIn) -> None:
    server.tokenizes = False
    connection = connected(server)
    text = "w. " * 300
    before = connection.count_tokens(text)
    connection.chat.invoke(text)
    after = connection.count_tokens(text)
    assert before == 600
    assert 300 <= after < before


def test_a_prompt_that_is_too_long_is_an_error_with_both_numbers(server: VllmStandIn) -> None:
    """It stops counting at one more than fits, so our own count stands where that is higher."""
    for server.tokenizes in (True, False):
        connection = connected(server)
        with pytest.raises(ContextOverflowError, match="50 are kept for the answer") as caught:
            connection.chat.invoke("long " * 3000)
        assert caught.value.context_tokens == 1000
        assert caught.value.prompt_tokens >= 3000
        assert "--max-model-len" in caught.value.next_step


def test_a_prompt_that_leaves_no_room_for_the_answer_is_counted_exactly(server: VllmStandIn) -> None:
    with pytest.raises(ContextOverflowError) as caught:
        connected(server).chat.invoke("fits " * 960)
    assert 951 <= caught.value.prompt_tokens <= 970


def test_it_works_in_an_event_loop(server: VllmStandIn) -> None:
    server.replies = [Reply(deltas=({"reasoning": "Hm"}, {"content": "Paris"}), cached=3)]
    message = asyncio.run(connected(server).chat.ainvoke("Where?"))
    assert message.content == "Paris"
    assert message.additional_kwargs["reasoning_content"] == "Hm"
    assert record(message).cached_tokens == 3


@pytest.mark.parametrize("field", ["format", "response_format"])
def test_a_schema_reaches_it_either_way(server: VllmStandIn, field: str) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    whole = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    connected(server).chat.bind(**{field: schema if field == "format" else whole}).invoke("Where?")
    body = server.chats()[-1].body
    assert body["response_format"] == whole
    assert "format" not in body
