"""A tiny model that really runs in llama.cpp, in this process."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage

from inference import Connection, connect
from inference.errors import (
    ContextOverflowError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
    ToolCallError,
    UsageError,
)
from inference.gguf.chat import GgufChat
from inference.gguf.connect import DEFAULT_CONTEXT, LEAST_CONTEXT, SPARE_BYTES, close_all, default_context
from inference.gguf.engine import Arrival, GgufEngine
from inference.gguf.file import GgufFile, edges_digest, read_gguf
from inference.record import Generation, of
from tests.gguf_models import ANSWER, WITH_TOOLS, write_tiny_model

pytest.importorskip("xllamacpp", reason="the extra gguf is not installed")

CALL = '<tool_call>\n{"name": "search", "arguments": {"query": "moe"}}\n</tool_call>'


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield write_tiny_model(tmp_path_factory.mktemp("gguf") / "tiny.gguf")
    close_all()


@pytest.fixture(scope="module")
def connection(model: Path) -> Connection:
    return connect("gguf", str(model), context_tokens=512, max_output_tokens=50, threads=1)


def record(message: Any) -> Generation:
    generation = of(message)
    assert generation is not None
    return generation


def search(query: str) -> str:
    """Search the documents."""
    return query


def test_it_answers(connection: Connection) -> None:
    assert connection.chat.invoke("hello").content == ANSWER


def test_it_streams_the_same_in_pieces_with_one_record(connection: Connection) -> None:
    chunks = [c for c in connection.chat.stream("hello") if isinstance(c, AIMessageChunk)]
    pieces = [chunk.content for chunk in chunks if chunk.content]
    assert len(pieces) > 1
    assert "".join(map(str, pieces)) == ANSWER
    assert len([chunk for chunk in chunks if of(chunk) is not None]) == 1


def test_it_answers_and_streams_from_an_event_loop(connection: Connection) -> None:
    async def both() -> tuple[AIMessage, list[Any]]:
        return await connection.chat.ainvoke("hello"), [c async for c in connection.chat.astream("hello")]

    message, chunks = asyncio.run(both())
    assert record(message).decode_tokens == 9
    assert len([chunk for chunk in chunks if of(chunk) is not None]) == 1


def test_the_record_adds_up(connection: Connection) -> None:
    generation = record(connection.chat.invoke("a prompt by itself"))
    # <|im_start|>user\n + text + <|im_end|>\n<|im_start|>assistant\n, a token a byte but for the markers
    assert generation.prompt_tokens == 3 + len("user\n") + len("a prompt by itself") + len("\n") + len("assistant\n")
    assert generation.decode_tokens == 9
    assert generation.cached_source == "field"
    assert generation.done_reason == "stop"
    assert generation.ttft_s is not None
    assert generation.total_s is not None
    assert 0 < generation.ttft_s <= generation.total_s
    assert generation.unexplained_s is not None
    assert generation.unexplained_s > -0.005  # the engine's clock and ours


def test_the_record_has_the_steps_that_an_engine_in_the_process_has(connection: Connection) -> None:
    generation = record(connection.chat.invoke("hello"))
    assert (generation.headers_s, generation.queued_s) == (None, None)
    times = [generation.first_chunk_s, generation.ttft_s, generation.last_token_s, generation.total_s]
    assert None not in times
    assert times == sorted(times, key=lambda step: step or 0.0)
    assert (generation.thinking_tokens, generation.answer_tokens, generation.call_tokens) == (0, 8, 0)
    assert generation.decode_client_tps is not None


def test_the_tokens_from_the_cache_are_told(connection: Connection) -> None:
    connection.chat.invoke("the very same prompt twice")
    again = record(connection.chat.invoke("the very same prompt twice"))
    assert again.prompt_tokens is not None
    assert again.cached_tokens == again.prompt_tokens - 1


def test_tokens_are_counted_by_the_model_s_own_tokenizer(connection: Connection) -> None:
    assert connection.count_tokens("hello") == 5
    assert connection.count_tokens("h\u00e9llo") == 6
    assert connection.count_tokens("<|im_end|>") == 1


def test_a_count_of_a_prompt_agrees_with_the_engine_s(connection: Connection) -> None:
    text = "How many tokens? 1,234 \u00e9!"
    prompt = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    assert record(connection.chat.invoke(text)).prompt_tokens == connection.count_tokens(prompt)


def test_a_prompt_that_is_too_long_is_an_error_with_both_numbers(connection: Connection) -> None:
    with pytest.raises(ContextOverflowError) as caught:
        connection.chat.invoke("x" * 600)
    assert (caught.value.prompt_tokens, caught.value.context_tokens) == (619, 512)


def test_it_stops_at_the_limit_of_output(model: Path) -> None:
    message = connect("gguf", str(model), context_tokens=512, max_output_tokens=3).chat.invoke("hello")
    assert message.content == " ".join(ANSWER.split()[:3])
    assert record(message).done_reason == "length"
    assert record(message).decode_tokens == 3


def test_it_stops_at_a_given_text(connection: Connection) -> None:
    assert connection.chat.invoke("hello", stop=[" answer"]).content == "Local models"


def test_a_stream_that_is_left_early_leaves_the_engine_usable(connection: Connection) -> None:
    stream = connection.chat.stream("hello")
    next(stream)
    del stream
    assert connection.chat.invoke("hello").content == ANSWER


def test_a_request_that_the_engine_cannot_take_is_a_generation_error(connection: Connection) -> None:
    with pytest.raises(GenerationError):
        connection.chat.bind(response_format={"type": "nonsense"}).invoke("hello")


def test_an_answer_can_be_held_to_a_schema(connection: Connection) -> None:
    schema = {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"], "additionalProperties": False}
    message = connection.chat.bind(format=schema).invoke("hello")
    assert str(message.content).replace(" ", "").replace("\n", "").startswith('{"a":1')


def test_tools_go_through_the_model_s_own_template(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "tools.gguf", answer=[CALL], template=WITH_TOOLS)
    connection = connect("gguf", str(path), context_tokens=1024, threads=1)
    assert connection.tools is True
    chat = connection.chat.bind_tools([search])
    first = chat.invoke([SystemMessage("Be short."), HumanMessage("find it")])
    assert isinstance(first, AIMessage)
    assert [(call["name"], call["args"]) for call in first.tool_calls] == [("search", {"query": "moe"})]
    assert record(first).decode_tokens == 2
    result = ToolMessage("found", tool_call_id=first.tool_calls[0]["id"])
    second = chat.invoke([HumanMessage("find it"), first, result])
    assert isinstance(second, AIMessage)
    assert second.tool_calls
    assert record(second).prompt_tokens > record(first).prompt_tokens  # type: ignore[operator]


def test_a_call_that_the_grammar_of_the_tools_refuses_is_told_raw(tmp_path: Path) -> None:
    """The call is one token of this model: the grammar sees it when it is written."""
    call = '<tool_call>\n{"name": "search", "arguments": ["moe"]}\n</tool_call>'
    path = write_tiny_model(tmp_path / "wrong.gguf", answer=[call], template=WITH_TOOLS)
    chat = connect("gguf", str(path), context_tokens=1024, threads=1).chat
    with pytest.raises(ToolCallError) as caught:
        chat.bind_tools([search]).invoke("find it")
    assert caught.value.raw == call


def test_a_call_that_the_limit_cuts_off_is_told_by_the_reason_of_the_end(tmp_path: Path) -> None:
    answer = ['<tool_call>\n{"name": "search",', ' "arguments": {"query": "mo']
    path = write_tiny_model(tmp_path / "long.gguf", answer=answer, template=WITH_TOOLS)
    chat = connect("gguf", str(path), context_tokens=1024, threads=1, max_output_tokens=4).chat
    message = chat.bind_tools([search], tool_choice="any").invoke("find it")
    assert record(message).done_reason == "length"
    assert record(message).call_tokens == 4


class _Scripted(GgufEngine):
    """An engine that is not loaded, with the events of one answer."""

    def __init__(self, *pieces: str, reason: str = "tool_calls") -> None:
        self._deltas = [{"index": 0, "function": {"name": "search", "arguments": ""}}]
        self._deltas += [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
        self._reason = reason

    def events(self, request: Mapping[str, Any]) -> Iterator[Arrival]:
        for call in self._deltas:
            yield Arrival(0.0, {"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": None}]})
        timings = {"cache_n": 0, "prompt_n": 1, "prompt_ms": 1.0, "predicted_n": 1, "predicted_ms": 1.0}
        yield Arrival(0.0, {"choices": [{"delta": {}, "finish_reason": self._reason}], "timings": timings})


@pytest.mark.parametrize("pieces", [('{"query"', ": moe"), ('["moe"]',), ("moe",)])
def test_a_call_whose_arguments_are_no_object_is_the_model_s_fault_and_told_raw(pieces: tuple[str, ...]) -> None:
    """LangChain would make {} of some. A grammar forbids them, and not every model has one."""
    with pytest.raises(ToolCallError) as caught:
        GgufChat(engine=_Scripted(*pieces), model="m").invoke("hello")
    assert caught.value.raw == f'{{"name": "search", "arguments": {"".join(pieces)}}}'
    message = GgufChat(engine=_Scripted(*pieces, reason="length"), model="m").invoke("hello")
    assert record(message).done_reason == "length"


def test_a_template_that_knows_of_thinking_is_told_whether_to(tmp_path: Path) -> None:
    template = "{% if enable_thinking %}think {% endif %}{% for m in messages %}{{ m.content }}{% endfor %}\n"
    path = write_tiny_model(tmp_path / "thinks.gguf", template=template)
    lengths = []
    for think in (False, True):
        connection = connect("gguf", str(path), context_tokens=512, think=think, threads=1)
        assert connection.thinking is think
        lengths.append(record(connection.chat.invoke("hello")).prompt_tokens)
    assert lengths == [len("hello"), len("think hello")]  # a last newline of a template is dropped


def test_a_model_without_tools_says_so(connection: Connection) -> None:
    assert connection.tools is False
    assert connection.thinking is False


def test_a_file_is_loaded_once_for_one_context(model: Path, connection: Connection) -> None:
    again = connect("gguf", str(model), context_tokens=512)
    assert again.count_tokens is connection.count_tokens


def test_a_text_is_counted_once(connection: Connection) -> None:
    count = connection.count_tokens
    before = count.cache_info()  # type: ignore[attr-defined]
    assert count("a text of its own") == count("a text of its own")
    after = count.cache_info()  # type: ignore[attr-defined]
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 1)


def test_the_context_in_force_is_the_engine_s(model: Path, connection: Connection) -> None:
    assert connection.context_tokens == 512
    assert connect("gguf", str(model), threads=1).context_tokens == 4096


def test_the_facts_for_a_record_are_there(connection: Connection, model: Path) -> None:
    assert connection.digest == edges_digest(model)
    assert connection.facts.family == "llama"
    assert dict(connection.facts.options) == {
        "num_ctx": "512",
        "threads": "1",
        "poll": "0",
        "flash_attention": "auto",
        "parallel": "1",
    }


def test_nothing_is_said_on_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_tiny_model(tmp_path / "quiet.gguf")
    connect("gguf", str(path), context_tokens=256, threads=1).chat.invoke("hello")
    close_all()
    assert capfd.readouterr() == ("", "")


def test_where_no_socket_can_be_a_loopback_port_wants_a_key(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    engine = GgufEngine(read_gguf(model), context_tokens=256, threads=1)
    try:
        assert engine.count("hello") == 5
        port = str(engine.address)
        assert port.startswith("http://127.0.0.1:")
        assert httpx.get(f"{port}/props", trust_env=False).status_code == 401
    finally:
        engine.close()
    assert list(deep.iterdir()) == []


def test_no_file_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="file"):
        connect("gguf")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"nope\.gguf"):
        connect("gguf", str(tmp_path / "nope.gguf"))


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "not a GGUF"), (b"PK\x03\x04", "not a GGUF"), (b"GGUF\x03\x00", "damaged")]
)
def test_another_format_and_a_damaged_head_are_told_apart(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnsuitableError, match=said):
        connect("gguf", str(path))


def test_a_file_cut_in_its_head_is_damaged(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "cut.gguf")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelUnsuitableError, match="damaged"):
        connect("gguf", str(path))


def test_a_file_cut_in_its_weights_is_refused(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "cut.gguf")
    path.write_bytes(path.read_bytes()[:-100_000])
    with pytest.raises(ModelUnsuitableError, match="cannot load"):
        connect("gguf", str(path), context_tokens=256, threads=1)


def test_an_embedding_model_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "embed.gguf", pooling=3)
    with pytest.raises(ModelUnsuitableError, match="does not write text"):
        connect("gguf", str(path))


def test_without_the_engine_the_extra_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close_all()
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(EngineUnavailableError) as caught:
        connect("gguf", str(model), context_tokens=300, threads=1)
    assert "speedking[gguf]" in caught.value.next_step


def test_the_head_tells_the_model_without_its_arrays(tmp_path: Path) -> None:
    file = read_gguf(write_tiny_model(tmp_path / "tiny.gguf"))
    assert (file.architecture, file.trained_context, file.number("block_count")) == ("llama", 4096, 2)
    assert file.embedding_only is False
    assert "tokenizer.ggml.tokens" not in file.values


def test_the_default_context_is_halved_until_its_cache_fits() -> None:
    values: dict[str, int | float | bool | str] = {
        "general.architecture": "a",
        "a.context_length": 100_000,
        "a.block_count": 1,
        "a.embedding_length": 1024,
    }
    file = GgufFile(Path("x"), size_bytes=1000, values=values)  # one head: 1 x 1 x 2048 x 2 = 4096 bytes a token
    base = 1000 + SPARE_BYTES
    assert default_context(file, base + DEFAULT_CONTEXT * 4096) == DEFAULT_CONTEXT
    assert default_context(file, base + DEFAULT_CONTEXT * 4096 - 1) == DEFAULT_CONTEXT // 2
    assert default_context(file, 0) == LEAST_CONTEXT


def test_the_edges_of_a_file_tell_models_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"a" * 3_000_000)
    two.write_bytes(b"a" * 2_999_999 + b"b")
    assert edges_digest(one) != edges_digest(two)
    assert edges_digest(one) == edges_digest(one)
