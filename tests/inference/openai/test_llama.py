"""llama.cpp's own server, for real, through the engine openai."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from inference import Connection, connect
from inference.errors import (
    ContextOverflowError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ToolCallError,
)
from inference.record import Generation, of
from tests.gguf_models import ANSWER, WITH_TOOLS, write_tiny_model
from tests.inference.llama_server import llama_server

CALL = '<tool_call>\n{"name": "search", "arguments": {"query": "moe"}}\n</tool_call>'
REAL = os.environ.get("SPEEDKING_TEST_GGUF")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="module")
def url(model: Path) -> Iterator[str]:
    with llama_server(model) as address:
        yield address


@pytest.fixture(scope="module")
def connection(url: str) -> Connection:
    return connect("openai", base_url=f"{url}/v1", max_output_tokens=50)


def record(message: Any) -> Generation:
    generation = of(message)
    assert generation is not None
    return generation


def search(query: str) -> str:
    """Search the documents."""
    return query


def look(where: Literal["tea"]) -> str:
    """Look there."""
    return where


def test_it_answers(connection: Connection) -> None:
    message = connection.chat.invoke("hello")
    assert message.content == ANSWER
    assert record(message).done_reason == "stop"


def test_it_streams_the_same_in_pieces_with_one_record_on_the_last(connection: Connection) -> None:
    chunks = [c for c in connection.chat.stream("hello") if isinstance(c, AIMessageChunk)]
    pieces = [chunk.content for chunk in chunks if chunk.content]
    assert len(pieces) > 1
    assert "".join(map(str, pieces)) == ANSWER
    recorded = [place for place, chunk in enumerate(chunks) if of(chunk) is not None]
    assert len(recorded) == 1
    assert not any(chunk.content or chunk.usage_metadata for chunk in chunks[recorded[0] :])


def test_it_answers_and_streams_from_one_event_loop_after_another(connection: Connection) -> None:
    async def both() -> tuple[AIMessage, list[Any]]:
        return await connection.chat.ainvoke("hello"), [c async for c in connection.chat.astream("hello")]

    for _ in range(2):
        message, chunks = asyncio.run(both())
        assert message.content == ANSWER
        assert record(message).decode_tokens == 9
        assert len([chunk for chunk in chunks if of(chunk) is not None]) == 1


def test_the_record_has_the_server_s_own_numbers_and_adds_up(connection: Connection) -> None:
    message = connection.chat.invoke("a prompt by itself")
    generation = record(message)
    assert generation.engine == "openai"
    assert generation.prompt_tokens == 37  # 18 letters; the template's two tokens and 17 letters around them
    assert (generation.decode_tokens, generation.cached_source) == (9, "field")
    assert generation.prefill_s is not None
    assert generation.decode_s is not None
    assert generation.unexplained_s is not None
    assert generation.unexplained_s >= 0
    assert generation.ttft_s == generation.ttfa_s
    assert generation.queued_s == 0
    steps = (generation.headers_s, generation.first_chunk_s, generation.ttft_s, generation.last_token_s)
    times = [0.0, *(step for step in steps if step is not None), generation.total_s]
    assert len(times) == len(steps) + 2
    assert times == sorted(times)  # type: ignore[type-var]
    assert generation.decode_client_tps is not None
    assert (generation.thinking_tokens, generation.answer_tokens, generation.call_tokens) == (0, 8, 0)
    assert isinstance(message, AIMessage)
    assert message.usage_metadata is not None
    assert message.usage_metadata["input_tokens"] == generation.prompt_tokens


def test_a_second_identical_prompt_comes_from_the_cache(connection: Connection) -> None:
    first, second = (record(connection.chat.invoke("twice the very same prompt")) for _ in range(2))
    assert first.prompt_tokens == second.prompt_tokens
    assert first.cached_tokens is not None
    assert second.prompt_tokens is not None
    assert second.cached_tokens == second.prompt_tokens - 1
    assert first.cached_tokens < second.cached_tokens


def test_tokens_are_counted_by_the_model_s_own_tokenizer(connection: Connection) -> None:
    assert connection.count_tokens("hello") == 5
    assert connection.count_tokens(ANSWER) == 8
    assert connection.count_tokens("") == 0


def test_langchain_s_own_counting_asks_the_server_too(connection: Connection) -> None:
    assert connection.chat.get_num_tokens("hello") == 5
    assert connection.chat.get_num_tokens_from_messages([HumanMessage("hello")]) > 5


def test_a_prompt_that_is_too_long_is_an_error_with_both_numbers(connection: Connection) -> None:
    with pytest.raises(ContextOverflowError) as caught:
        connection.chat.invoke("x" * 600)
    assert (caught.value.prompt_tokens, caught.value.context_tokens) == (619, 512)
    assert "`-c 1643`" in caught.value.next_step
    with pytest.raises(ContextOverflowError):
        asyncio.run(connection.chat.ainvoke("x" * 600))


def test_it_stops_at_the_limit_of_output(connection: Connection) -> None:
    message = connection.writing(3).chat.invoke("hello")
    assert message.content == " ".join(ANSWER.split()[:3])
    assert (record(message).done_reason, record(message).decode_tokens) == ("length", 3)


def test_it_stops_at_a_given_text(connection: Connection) -> None:
    assert connection.chat.invoke("hello", stop=[" answer"]).content == "Local models"


def test_a_stream_that_is_left_early_leaves_the_server_usable(connection: Connection) -> None:
    stream = connection.chat.stream("hello")
    next(stream)
    del stream
    assert connection.chat.invoke("hello").content == ANSWER


def test_a_request_that_the_server_cannot_take_is_a_generation_error(connection: Connection) -> None:
    with pytest.raises(GenerationError, match=r"llama.cpp's server .* says: .*nonsense"):
        connection.chat.bind(response_format={"type": "nonsense"}).invoke("hello")


SCHEMA = {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    "held",
    [
        {"format": SCHEMA},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}},
    ],
)
def test_an_answer_can_be_held_to_a_schema(connection: Connection, held: dict[str, Any]) -> None:
    message = connection.chat.bind(**held).invoke("hello")
    assert str(message.content).replace(" ", "").replace("\n", "").startswith('{"a":1')
    assert record(message).decode_tokens


class _Found(BaseModel):
    a: int


def test_structured_output_is_held_to_its_schema_by_the_server(connection: Connection) -> None:
    chat = connection.chat.with_structured_output(SCHEMA | {"title": "found"})
    assert chat.invoke("hello") == {"a": 1}
    limited = connection.chat.with_structured_output(_Found, include_raw=True).invoke("hello")
    assert isinstance(limited, dict)
    assert str(limited["raw"].content).strip().startswith("{")


def test_tools_go_through_the_model_s_own_template(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "tools.gguf", answer=[CALL], template=WITH_TOOLS)
    with llama_server(path, context=1024) as url:
        connection = connect("openai", base_url=url)
        assert connection.tools is True
        chat = connection.chat.bind_tools([search])
        first = chat.invoke([SystemMessage("Be short."), HumanMessage("find it")])
        assert isinstance(first, AIMessage)
        assert [(call["name"], call["args"]) for call in first.tool_calls] == [("search", {"query": "moe"})]
        assert record(first).decode_tokens == 2
        assert record(first).ttft_s is not None
        assert record(first).ttfa_s is None
        assert record(first).first_call_s == record(first).ttft_s
        assert (record(first).answer_tokens, record(first).call_tokens) == (0, 2)
        result = ToolMessage("found", tool_call_id=first.tool_calls[0]["id"])
        second = chat.invoke([HumanMessage("find it"), first, result])
        assert isinstance(second, AIMessage)
        assert second.tool_calls
        assert record(second).prompt_tokens > record(first).prompt_tokens  # type: ignore[operator]


def test_the_server_s_grammar_makes_a_call_of_what_the_model_garbles(tmp_path: Path) -> None:
    """The model begins a call and goes on with nonsense: only a grammar makes it end well."""
    garbled = [" Well", "<tool_call>\n{", " nonsense"]
    path = write_tiny_model(tmp_path / "garbles.gguf", answer=garbled, template=WITH_TOOLS)
    with llama_server(path, context=1024) as url:
        chat = connect("openai", base_url=url, max_output_tokens=100).chat
        for free in ("any", "auto"):
            message = chat.bind_tools([look], tool_choice=free).invoke("hi")
            assert isinstance(message, AIMessage)
            assert (message.tool_calls[0]["name"], message.tool_calls[0]["args"]) == ("look", {"where": "tea"})
            assert record(message).prompt_tokens
        message = chat.bind_tools([look], tool_choice="none").invoke("hi")
        assert isinstance(message, AIMessage)
        assert (message.content, message.tool_calls) == ("".join(garbled), [])


def test_what_the_grammar_of_a_call_refuses_is_the_model_s_fault_and_told_raw(tmp_path: Path) -> None:
    """The call is one token of this model: the grammar sees it when it is written."""
    call = '<tool_call>\n{"name": "search", "arguments": ["moe"]}\n</tool_call>'
    path = write_tiny_model(tmp_path / "wrong.gguf", answer=[call], template=WITH_TOOLS)
    with llama_server(path, context=1024) as url, pytest.raises(ToolCallError) as caught:
        connect("openai", base_url=url).chat.bind_tools([search]).invoke("find it")
    assert caught.value.raw == call


def test_a_model_that_must_call_cannot_end_without_a_call(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "tools.gguf", answer=ANSWER, template=WITH_TOOLS)
    with llama_server(path, context=1024) as url:
        chat = connect("openai", base_url=url, max_output_tokens=40).chat
        assert record(chat.bind_tools([look], tool_choice="any").invoke("hi")).done_reason == "length"
        assert record(chat.bind_tools([look], tool_choice="auto").invoke("hi")).done_reason == "stop"


def test_a_template_that_knows_of_thinking_is_told_whether_to(tmp_path: Path) -> None:
    template = "{% if enable_thinking %}think {% endif %}{% for m in messages %}{{ m.content }}{% endfor %}\n"
    path = write_tiny_model(tmp_path / "thinks.gguf", template=template)
    lengths = []
    with llama_server(path) as url:
        for think in (False, True):
            connection = connect("openai", base_url=url, think=think)
            assert (connection.thinking, connection.can_think) == (think, True)
            lengths.append(record(connection.chat.invoke("hello")).prompt_tokens)
    assert lengths == [len("hello"), len("think hello")]


def test_a_model_without_tools_or_thinking_says_so(connection: Connection) -> None:
    assert (connection.tools, connection.thinking, connection.can_think) == (False, False, False)


@pytest.mark.parametrize("attention", ["on", "off"])
@pytest.mark.parametrize("batch", [128, 512])
def test_flash_attention_and_the_batch_change_no_answer(model: Path, attention: str, batch: int) -> None:
    """Over a prompt of several small batches; the numbers still add up."""
    with llama_server(model, flash_attention=attention, n_batch=batch, n_ubatch=batch, context=1024) as url:
        message = connect("openai", base_url=url, max_output_tokens=50).chat.invoke("y" * 400)
    assert message.content == ANSWER
    assert (record(message).prompt_tokens, record(message).cached_tokens) == (419, 0)


def test_one_line_says_which_model_where_and_why(connection: Connection, url: str) -> None:
    assert connection.why == f"tiny.gguf on llama.cpp's server at {url}, context 512: the only one there"
    assert connection.engine == "openai"


def test_the_facts_for_a_record_and_a_diagnosis_are_there(connection: Connection, url: str, model: Path) -> None:
    facts = connection.facts
    assert (facts.quantization, facts.trained_context) == ("all F32", 4096)
    assert facts.parameter_size.endswith("M")
    assert facts.size_bytes is not None
    assert 0 < facts.size_bytes < model.stat().st_size
    assert facts.version is not None
    assert facts.version.startswith("llama.cpp ")
    assert dict(facts.options) == {"num_ctx": "512", "parallel": "1"}
    assert facts.base_url == url


def test_several_slots_share_the_context(model: Path) -> None:
    with llama_server(model, context=1024, n_parallel=2, kv_unified=False) as url:
        connection = connect("openai", base_url=url)
    assert dict(connection.facts.options) == {"num_ctx": "512", "parallel": "2"}
    assert connection.context_tokens == 512


def test_a_model_is_called_by_its_alias_its_path_or_its_file(model: Path) -> None:
    with llama_server(model, alias="mine") as url:
        assert connect("openai", "mine", base_url=url).chat.invoke("hello").content == ANSWER
        with pytest.raises(ModelMissingError, match="served: mine"):
            connect("openai", "other", base_url=url)
    with llama_server(model) as url:
        for name in (str(model), "tiny.gguf", "tiny"):
            assert connect("openai", name, base_url=url).model == str(model)


def test_a_key_is_wanted_and_given(model: Path) -> None:
    with llama_server(model, api_keys=["secret-of-mine"]) as url:
        for key in (None, "wrong"):
            with pytest.raises(EngineUnavailableError, match="refuses the key") as caught:
                connect("openai", base_url=url, api_key=key)
            assert "SPEEDKING_API_KEY" in caught.value.next_step
        connection = connect("openai", base_url=url, api_key="secret-of-mine")
        assert connection.chat.invoke("hello").content == ANSWER
        assert connection.count_tokens("hello") == 5
        assert "secret-of-mine" not in repr(connection)


@pytest.mark.skipif(not REAL, reason="SPEEDKING_TEST_GGUF names no model")
def test_a_real_model_answers_is_cached_and_held_to_a_schema() -> None:
    with llama_server(Path(str(REAL)), context=2048) as url:
        connection = connect("openai", base_url=url, max_output_tokens=48)
        question = "What is the capital of France? Answer in one short sentence."
        first, second = (connection.chat.invoke(question) for _ in range(2))
        assert "Paris" in str(first.content)
        assert first.content == second.content
        assert record(second).cached_tokens == record(second).prompt_tokens - 1  # type: ignore[operator]
        held = connection.chat.with_structured_output(
            {
                "title": "capital",
                "type": "object",
                "properties": {"city": {"type": "string", "maxLength": 20}},
                "required": ["city"],
                "additionalProperties": False,
            }
        ).invoke(question)
        assert isinstance(held, dict)
        assert set(held) == {"city"}
        text = "The quick brown fox jumps over the lazy dog. " * 300
        with pytest.raises(ContextOverflowError) as caught:
            connection.chat.invoke(text)
        assert abs(caught.value.prompt_tokens - connection.count_tokens(text)) < 60
