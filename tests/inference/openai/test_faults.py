"""A server that fails: every way gets an error of the family, with the next step."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from inference import Connection, connect
from inference.errors import (
    ContextOverflowError,
    EngineError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ToolCallError,
)
from inference.openai.address import openai_address
from inference.openai.api import OpenAIApi
from inference.openai.errors import refusal
from inference.openai.tokens import TokenCount
from inference.openai.transport import AsyncCompletions, Completions
from inference.openai.turn import Endpoint
from inference.overflow import vllm_overflow_in
from inference.record import of
from tests.inference.openai_stand_in import Reply, VllmStandIn

MODEL = "Qwen/Qwen3-8B"
BODY: dict[str, Any] = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "hi"}],
    "max_tokens": 9,
    "stream": True,
}


@pytest.fixture
def server() -> Iterator[VllmStandIn]:
    with VllmStandIn() as stand_in:
        yield stand_in


Ask = Callable[[Connection], Any]


def _invoked(connection: Connection) -> Any:
    return connection.chat.invoke("hello")


def _streamed(connection: Connection) -> Any:
    return list(connection.chat.stream("hello"))


def _awaited(connection: Connection) -> Any:
    return asyncio.run(connection.chat.ainvoke("hello"))


@pytest.fixture(params=[_invoked, _streamed, _awaited])
def ask(request: pytest.FixtureRequest) -> Ask:
    chosen: Ask = request.param
    return chosen


def endpoint(server: VllmStandIn, timeout_s: float = 30.0) -> Endpoint:
    return Endpoint(openai_address(server.url), "vllm", timeout_s, TokenCount(None))


ERRORS = [
    {
        "error": {
            "message": "EngineCore encountered an issue",
            "type": "InternalServerError",
            "param": None,
            "code": 500,
        }
    },
    {"error": "EngineCore encountered an issue"},
    {"object": "error", "message": "EngineCore encountered an issue", "type": "InternalServerError", "code": 500},
]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_the_middle_of_a_stream(server: VllmStandIn, ask: Ask, error: Any) -> None:
    connection = connect("openai", base_url=server.url)
    server.replies = [Reply(error=error)]
    with pytest.raises(GenerationError, match=f"vLLM at {server.url} says: EngineCore encountered") as caught:
        ask(connection)
    assert "log" in caught.value.next_step


def test_what_came_before_an_error_was_handed_on(server: VllmStandIn) -> None:
    server.replies = [Reply(error=ERRORS[0])]
    stream = connect("openai", base_url=server.url).chat.stream("hello")
    assert [next(stream).content for _ in range(3)] == ["", "Paris", " it is"]
    with pytest.raises(GenerationError):
        next(stream)


def test_an_older_llama_cpp_has_a_field_of_its_own_for_errors(server: VllmStandIn) -> None:
    server.replies = [Reply(line=b'error: {"code":500,"message":"out of memory","type":"server_error"}\n\n')]
    with pytest.raises(GenerationError, match="out of memory"):
        connect("openai", base_url=server.url).chat.invoke("hello")


def test_a_stream_that_breaks_off(server: VllmStandIn, ask: Ask) -> None:
    server.replies = [Reply(finish=None)]
    with pytest.raises(GenerationError, match="broke off") as caught:
        ask(connect("openai", base_url=server.url))
    assert "--engine reader" in caught.value.next_step


def test_an_answer_that_says_why_it_ends_is_whole_without_the_last_mark(server: VllmStandIn, ask: Ask) -> None:
    server.replies = [Reply(done=False, usage=False)]
    ask(connect("openai", base_url=server.url))
    message = connect("openai", base_url=server.url).chat.invoke("hello")
    generation = of(message)
    assert message.content == "Paris it is"
    assert generation is not None
    assert (generation.done_reason, generation.prompt_tokens, generation.decode_tokens) == ("stop", None, None)


def test_a_line_that_is_no_json(server: VllmStandIn) -> None:
    server.replies = [Reply(line=b"data: {broken\n\n")]
    with pytest.raises(EngineUnavailableError, match="broken"):
        connect("openai", base_url=server.url).chat.invoke("hello")


def test_comments_that_keep_a_connection_awake_are_no_events(server: VllmStandIn) -> None:
    server.replies = [Reply(line=b":\n\nevent: ping\nid: 3\n\n")]
    assert connect("openai", base_url=server.url).chat.invoke("hello").content == "Paris it is"


def test_silence_longer_than_the_limit(server: VllmStandIn, ask: Ask) -> None:
    connection = connect("openai", base_url=server.url, timeout_s=0.3)
    server.replies = [Reply(pause_s=2.0)]
    with pytest.raises(GenerationError, match=r"no byte for 0\.3 s") as caught:
        ask(connection)
    assert "SPEEDKING_TIMEOUT_S" in caught.value.next_step


def test_a_chat_that_is_answered_with_a_page(server: VllmStandIn, ask: Ask) -> None:
    connection = connect("openai", base_url=server.url)
    server.replies = [Reply(body="<html>It works!</html>")]
    with pytest.raises(EngineUnavailableError, match=r"not an OpenAI-compatible server .*text/html"):
        ask(connection)


def test_a_key_that_is_taken_back_between_two_requests(server: VllmStandIn, ask: Ask) -> None:
    connection = connect("openai", base_url=server.url)
    server.api_key = "new"
    with pytest.raises(EngineUnavailableError, match="refuses the key") as caught:
        ask(connection)
    assert "SPEEDKING_API_KEY" in caught.value.next_step


def test_a_model_that_is_taken_off_names_those_that_were_there(server: VllmStandIn, ask: Ask) -> None:
    connection = connect("openai", base_url=server.url)
    server.models = [{"id": "other", "owned_by": "vllm", "max_model_len": 1000}]
    with pytest.raises(ModelMissingError, match=MODEL):
        ask(connection)


def test_a_server_that_goes_away(ask: Ask) -> None:
    with VllmStandIn() as server:
        connection = connect("openai", base_url=server.url)
    with pytest.raises(EngineUnavailableError, match=f"no server answers at {server.url}"):
        ask(connection)


def test_a_server_that_loads_its_model_is_waited_for(server: VllmStandIn) -> None:
    pauses: list[float] = []
    server.not_yet = 3
    events = list(Completions(endpoint(server), pauses.append).create(**BODY))
    assert pauses == [0.25, 0.5, 1.0]
    assert events[-1]["speedking_generation"]["queued_s"] > 0
    assert len(server.chats()) == 4


def test_a_server_that_loads_its_model_is_waited_for_in_an_event_loop(server: VllmStandIn) -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def events() -> list[Any]:
        async with await AsyncCompletions(endpoint(server), pause).create(**BODY) as stream:
            return [event async for event in stream]

    server.not_yet = 2
    assert "speedking_generation" in asyncio.run(events())[-1]
    assert pauses == [0.25, 0.5]


def test_a_server_that_loads_its_model_is_waited_for_at_the_start(server: VllmStandIn) -> None:
    server.not_yet = 2
    pauses: list[float] = []
    with OpenAIApi(openai_address(server.url), timeout_s=30, pause=pauses.append) as api:
        assert [listed.id for listed in api.models()] == [MODEL]
    assert pauses == [0.25, 0.5]


def test_the_waiting_ends(server: VllmStandIn) -> None:
    server.not_yet = 1_000_000
    with pytest.raises(EngineUnavailableError, match="Loading model") as caught:
        Completions(endpoint(server, timeout_s=1.0)).create(**BODY)
    assert "wait" in caught.value.next_step
    with pytest.raises(EngineUnavailableError, match="Loading model"):
        connect("openai", base_url=server.url, timeout_s=0.5)


def test_no_server_names_the_address_and_the_setting() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(EngineUnavailableError, match=f"no server answers at {url}") as caught:
            connect("openai", base_url=f"{url}/v1")
    assert "SPEEDKING_BASE_URL" in caught.value.next_step


def test_a_port_that_says_nothing_is_no_server() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with pytest.raises(EngineUnavailableError, match="no server answers"):
            connect("openai", base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_s=0.1)


WORDS = {
    "This model's maximum context length is 4096 tokens. However, you requested 4660 tokens (4148 in the messages, 512 "
    "in the completion). Please reduce the length of the messages or completion.": (4148, 4096),
    "This model's maximum context length is 4096 tokens. However, your request has 4148 input tokens.": (4148, 4096),
    "'max_tokens' or 'max_completion_tokens' is too large: 512. This model's maximum context length is 4096 tokens and "
    "your request has 4000 input tokens (512 > 4096 - 4000).": (4000, 4096),
    "This model's maximum context length is 4096 tokens. However, you requested 512 output tokens and your prompt "
    "contains at least 3585 input tokens, for a total of at least 4097 tokens.": (3585, 4096),
    "You passed 3585 input tokens and requested 512 output tokens. However, the model's context length is only 4096 "
    "tokens, resulting in a maximum input length of 3584 tokens.": (3585, 4096),
    "You passed 90000 input characters and requested 512 output tokens. However, the model's context length is only "
    "4096 tokens, resulting in a maximum input length of 3584 tokens (at most 57344 characters).": (7, 4096),
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.": (5000, 4096),
}


@pytest.mark.parametrize(("words", "numbers"), WORDS.items())
def test_each_of_vllm_s_ways_to_say_that_a_prompt_is_too_long_has_both_numbers(
    words: str, numbers: tuple[int, int]
) -> None:
    error = vllm_overflow_in(words, "m", "{}", counted=lambda: 7, output_tokens=512)
    assert error is not None
    assert (error.prompt_tokens, error.context_tokens) == numbers
    higher = vllm_overflow_in(words, "m", "{}", counted=lambda: 6000, output_tokens=512)
    assert higher is not None
    assert higher.prompt_tokens == 6000


def test_other_words_are_no_overflow_and_cost_no_count() -> None:
    def never() -> int:
        raise AssertionError

    assert vllm_overflow_in("out of memory", "m", "{}", counted=never, output_tokens=1) is None


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (500, "The model produced output that does not match the expected Hermes 2 Pro format", ToolCallError),
        (500, "Failed to parse input at pos 4: <tool_call>{", ToolCallError),
        (500, "Failed to parse tools: bad type", GenerationError),
        (404, "The model `x` does not exist.", ModelMissingError),
        (429, "too many requests", EngineUnavailableError),
        (403, "Forbidden", EngineUnavailableError),
        (400, "seed must be an integer", GenerationError),
    ],
)
def test_the_server_s_words_become_the_right_error(status: int, said: str, kind: type[EngineError]) -> None:
    body = json.dumps({"error": {"message": said, "code": status}})
    error = refusal(status, body, model="x", url="http://here", kind="llama.cpp", there=["a", "b"])
    assert type(error) is kind
    assert error.next_step
    assert said in error.message or "served: a, b" in error.message


def test_a_call_that_llama_cpp_cannot_read_is_kept_raw() -> None:
    body = json.dumps({"error": {"message": "Failed to parse input at pos 4: <tool_call>{"}})
    error = refusal(500, body, model="x", url="http://here", kind="llama.cpp")
    assert isinstance(error, ToolCallError)
    assert error.raw == "<tool_call>{"


def test_an_overflow_is_one_whatever_the_kind_of_the_server(server: VllmStandIn) -> None:
    server.models = [{"id": MODEL, "context_length": 1000}]
    server.version = None
    server.tokenizes = False
    server.replies = [
        Reply(
            status=400,
            body={
                "error": {
                    "message": "request (1200 tokens) exceeds the available context size "
                    "(1000 tokens), try increasing it",
                    "n_prompt_tokens": 1200,
                }
            },
        )
    ]
    with pytest.raises(ContextOverflowError) as caught:
        connect("openai", base_url=server.url).chat.invoke("hello")
    assert (caught.value.prompt_tokens, caught.value.context_tokens) == (1200, 1000)
