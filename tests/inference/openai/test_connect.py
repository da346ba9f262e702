"""Finding an OpenAI-compatible server, choosing its model, and what of the environment has no effect."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from inference import connect
from inference.errors import EngineUnavailableError, ModelMissingError, UsageError
from inference.openai.address import openai_address
from inference.openai.api import OpenAIApi
from inference.openai.server import listening_runner
from inference.proxied import proxied
from tests.inference.openai_stand_in import Reply, VllmStandIn
from tests.inference.replay import replay

MODEL = "Qwen/Qwen3-8B"


@pytest.fixture
def server() -> Iterator[VllmStandIn]:
    with VllmStandIn() as stand_in:
        yield stand_in


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://box", "http://box:80"),
        ("https://box/llm/v1", "https://box:443/llm"),
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
    ],
)
def test_an_address_is_taken_as_people_write_it(given: str, url: str) -> None:
    assert openai_address(given).url == url


def test_a_password_is_not_shown() -> None:
    address = openai_address("http://me:secret@box:8000/v1")
    assert (address.url, address.shown) == ("http://me:secret@box:8000", "http://box:8000")


def test_certificates_are_loaded_only_where_they_can_matter() -> None:
    """Those of the system take 20 ms for each client."""
    told: list[dict[str, Any]] = []

    def make(**options: Any) -> httpx.HTTPTransport:
        told.append(options)
        return httpx.HTTPTransport()

    for url in ("http://127.0.0.1:1", "https://127.0.0.1:1"):
        proxied(make, openai_address(url))
    assert [options["verify"] for options in told] == [False, True]


@pytest.mark.parametrize("given", [None, "", "  "])
def test_without_a_base_url_it_would_go_to_a_cloud(given: str | None) -> None:
    with pytest.raises(UsageError, match="cloud"):
        connect("openai", base_url=given)


def test_no_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, server: VllmStandIn) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OLLAMA_HOST"):
        monkeypatch.setenv(name, server.url)
    with pytest.raises(UsageError, match="cloud"):
        connect("openai")


ENVIRONMENT = {
    "OPENAI_API_KEY": "sk-of-the-cloud",
    "OPENAI_ADMIN_KEY": "sk-of-the-cloud",
    "OPENAI_ORG_ID": "org-of-the-cloud",
    "OPENAI_ORGANIZATION": "org-of-the-cloud",
    "OPENAI_PROJECT_ID": "project-of-the-cloud",
    "OPENAI_CUSTOM_HEADERS": "X-Mine: of-the-cloud",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/of-the-cloud",
    "OPENAI_API_BASE": "http://127.0.0.1:9/of-the-cloud",
    "OPENAI_PROXY": "http://127.0.0.1:9",
    "LC_OUTPUT_VERSION": "v1",
    "LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S": "0.001",
    "LANGSMITH_GATEWAY": "true",
    "LANGSMITH_API_KEY": "lsv2_of-the-cloud",
    "http_proxy": "http://127.0.0.1:9",
    "all_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}


@pytest.mark.parametrize("key", [None, "the-setting-s-own"])
def test_nothing_of_the_environment_goes_out_or_changes_where_it_goes(
    server: VllmStandIn, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    server.api_key = key
    connection = connect("openai", base_url=server.url, api_key=key)
    assert connection.chat.invoke("hello").content == "Paris it is"
    assert asyncio.run(connection.chat.ainvoke("hello")).content == "Paris it is"
    assert connection.count_tokens("hello") == 1
    assert len(server.chats()) == 2
    for came in server.asked:
        told = f"{came.headers} {came.body}"
        assert "of-the-cloud" not in told
        assert came.headers.get("authorization") == (f"Bearer {key}" if key else None)
        assert set(came.headers) <= {
            "host", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length",
            "authorization",
        }  # fmt: skip


def test_counting_and_chatting_reach_nothing_but_the_server(server: VllmStandIn) -> None:
    """A fresh process in which every other connection is refused; tiktoken would fetch an encoding."""
    program = f"""
import socket
real = socket.socket.connect
def connect_only_there(self, address):
    assert address[:2] == ("127.0.0.1", {server.url.rpartition(":")[2]}), address
    return real(self, address)
socket.socket.connect = connect_only_there
from inference import connect
connection = connect("openai", base_url={server.url!r})
assert connection.count_tokens("one two") == 2
assert connection.chat.get_num_tokens("one two") == 2
from langchain_core.messages import HumanMessage
assert connection.chat.get_num_tokens_from_messages([HumanMessage("one two")]) > 2
assert connection.chat.invoke("hello").content == "Paris it is"
print("reached the end")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=False)
    assert done.stdout == "reached the end\n", done.stderr


def test_no_other_tokenizer_is_taken_for_the_server_s(server: VllmStandIn) -> None:
    with pytest.raises(NotImplementedError):
        connect("openai", base_url=server.url).chat.get_token_ids("hello")


def test_a_key_is_not_shown(server: VllmStandIn) -> None:
    server.api_key = "secret-of-mine"
    connection = connect("openai", base_url=server.url, api_key="secret-of-mine")
    assert "secret-of-mine" not in f"{connection!r} {connection.chat.client!r} {vars(connection.chat.client)!r}"  # type: ignore[attr-defined]


def test_a_wrong_key_is_told_at_once(server: VllmStandIn) -> None:
    server.api_key = "right"
    with pytest.raises(EngineUnavailableError, match="refuses the key") as caught:
        connect("openai", base_url=server.url, api_key="wrong")
    assert "SPEEDKING_API_KEY" in caught.value.next_step
    assert "wrong" not in caught.value.message


@pytest.mark.parametrize("tail", ["", "/v1", "/v1/"])
def test_a_server_under_a_path_of_a_gateway(tail: str) -> None:
    with VllmStandIn(prefix="/llm") as server:
        connection = connect("openai", base_url=f"{server.url}{tail}")
        assert connection.chat.invoke("hello").content == "Paris it is"
        assert {came.path.split("/")[1] for came in server.asked} == {"llm"}


def test_of_several_models_the_first_is_taken_and_it_is_said(server: VllmStandIn) -> None:
    server.models = [{"id": name, "owned_by": "vllm", "max_model_len": 500} for name in ("first", "second")]
    connection = connect("openai", base_url=server.url)
    assert connection.model == "first"
    assert connection.why.endswith("the first of 2 there, name another with --model")
    assert connect("openai", "second", base_url=server.url).why.endswith("as you asked")


def test_of_many_models_of_one_llama_cpp_the_loaded_one_is_taken(server: VllmStandIn) -> None:
    server.models = [
        {"id": name, "owned_by": "llamacpp", "status": {"value": value}, "meta": {"n_ctx": 700}}
        for name, value in (("big", "unloaded"), ("small", "loaded"))
    ]
    connection = connect("openai", base_url=server.url)
    assert (connection.model, connection.context_tokens) == ("small", 700)
    assert "llama.cpp" in connection.why


def test_a_missing_model_names_those_that_are_served(server: VllmStandIn) -> None:
    with pytest.raises(ModelMissingError, match=f"'nope' is not served .*served: {MODEL}"):
        connect("openai", "nope", base_url=server.url)


def test_a_server_without_a_model_says_so(server: VllmStandIn) -> None:
    server.models = []
    with pytest.raises(ModelMissingError, match="none"):
        connect("openai", base_url=server.url)


def unknown(server: VllmStandIn, **told: Any) -> None:
    server.models = [{"id": "m", "owned_by": None, **told}]
    server.version, server.tokenizes = None, False


def test_another_server_that_tells_its_context_is_taken_with_plain_fields(server: VllmStandIn) -> None:
    unknown(server, context_length=800)
    connection = connect("openai", base_url=server.url, think=True)
    assert connection.why == f"m on the server at {server.url}, context 800: the only one there"
    assert connection.thinking is False
    connection.chat.invoke("hello")
    sent = set(server.chats()[-1].body)
    assert sent.isdisjoint({"top_k", "min_p", "repeat_penalty", "repetition_penalty", "chat_template_kwargs"})


def test_a_context_that_no_one_tells_is_asked_for_and_never_assumed(server: VllmStandIn) -> None:
    unknown(server)
    with pytest.raises(EngineUnavailableError, match="does not say what context") as caught:
        connect("openai", base_url=server.url)
    assert "SPEEDKING_CONTEXT_TOKENS" in caught.value.next_step
    assert connect("openai", base_url=server.url, context_tokens=600).context_tokens == 600


def test_a_smaller_context_than_the_server_s_is_kept_to(server: VllmStandIn) -> None:
    assert connect("openai", base_url=server.url, context_tokens=600).context_tokens == 600
    assert connect("openai", base_url=server.url, context_tokens=6000).context_tokens == 1000


def test_ollama_s_openai_interface_is_refused_for_its_own(server: VllmStandIn) -> None:
    server.models = [{"id": "qwen3:8b", "owned_by": "library"}]
    server.ollama = True
    with pytest.raises(UsageError, match="is Ollama") as caught:
        connect("openai", base_url=f"{server.url}/v1")
    assert f"--engine ollama --base-url {server.url}" in caught.value.next_step


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", "<html>It works!</html>"),
        (200, "application/json", '{"hello": "world"}'),
        (200, "application/json", '["models"]'),
        (404, "text/html", "<h1>Not Found</h1>"),
        (500, "text/plain", "boom"),
        (307, "text/plain", "elsewhere"),
    ],
)
def test_something_else_that_answers_is_named_by_its_address(status: int, kind: str, body: str) -> None:
    with replay(status, kind, [body]) as url, pytest.raises(EngineUnavailableError, match=url) as caught:
        connect("openai", base_url=url)
    assert "not an OpenAI-compatible server" in caught.value.message


def test_a_web_server_of_json_is_not_taken_for_one_without_a_model() -> None:
    with (
        replay(404, "application/json", ['{"detail": "Not Found"}']) as url,
        pytest.raises(EngineUnavailableError, match="not an OpenAI-compatible server"),
    ):
        connect("openai", base_url=url)


def api(server: VllmStandIn, timeout_s: float = 30.0) -> OpenAIApi:
    return OpenAIApi(openai_address(server.url), timeout_s=timeout_s, pause=lambda _seconds: None)


def refused(status: int, said: str) -> Reply:
    return Reply(status=status, body={"error": {"message": said, "code": status}})


@pytest.mark.parametrize(
    ("whole", "takes"),
    [
        (None, True),
        (refused(400, "Tool calling is not supported by this model"), False),
        (refused(422, "Template does not support tools"), False),
        (refused(500, "tools param requires --jinja flag"), False),
        (refused(400, "max_tokens must be at least 16"), None),
        (refused(500, "EngineCore encountered an issue while it looked at a tool"), None),
        (refused(404, "The model does not exist."), None),
        (Reply(status=502, body="<html>tools are down</html>"), None),
        (Reply(status=400, body="<html>no tools</html>"), None),
    ],
)
def test_a_server_takes_no_tools_only_where_it_says_so(
    server: VllmStandIn, whole: Reply | None, takes: bool | None
) -> None:
    server.whole = whole
    with api(server) as asked:
        assert asked.takes_tools(MODEL) is takes


def test_whether_tools_are_taken_is_asked_again_of_a_busy_server(server: VllmStandIn) -> None:
    server.not_yet = 3
    with api(server) as asked:
        assert asked.takes_tools(MODEL) is True


@pytest.mark.parametrize("whole", [refused(503, "too many requests"), Reply(pause_s=1.5)])
def test_a_server_that_is_busy_or_silent_all_along_does_not_cost_the_session_its_tools(
    server: VllmStandIn, whole: Reply
) -> None:
    server.whole = whole
    with api(server, timeout_s=0.5) as asked:
        assert asked.takes_tools(MODEL) is None
    connection = connect("openai", base_url=server.url, timeout_s=0.5)
    assert connection.tools is True
    assert "whether it takes tools is not known" in connection.why


class _Process:
    def __init__(self, name: str, *command: str) -> None:
        self.pid, self._name, self._command = 7, name, [name, *command]

    def name(self) -> str:
        return self._name

    def cmdline(self) -> list[str]:
        return self._command


class _Hidden(_Process):
    def cmdline(self) -> list[str]:
        raise psutil.AccessDenied


def test_a_llama_server_here_is_found_by_its_port_with_what_is_in_force() -> None:
    def processes() -> list[Any]:
        return [
            _Hidden("llama-server"),
            _Process("python", "--port", "8000"),
            _Process("llama-server", "--port", "9000", "-fa", "off"),
            _Process("llama-server", "-m", "m.gguf", "--port", "8000", "-fa", "on", "-b", "512", "-ctk", "q8_0"),
        ]

    runner = listening_runner(openai_address("127.0.0.1:8000"), processes)
    assert runner is not None
    assert (runner.flash_attention, runner.batch, runner.cache_type_k) == ("on", "512", "q8_0")
    assert runner.cache_type_v is None
    assert listening_runner(openai_address("127.0.0.1:8001"), processes) is None
    assert listening_runner(openai_address("http://far.example:8000"), processes) is None


def test_its_own_port_is_what_a_llama_server_has_that_names_none() -> None:
    runner = listening_runner(openai_address("127.0.0.1:8080"), lambda: [_Process("llama-server", "-m", "m.gguf")])
    assert runner is not None
    assert runner.flash_attention is None


def test_a_host_that_cannot_be_found_is_no_server() -> None:
    with pytest.raises(EngineUnavailableError):
        connect("openai", base_url="http://nowhere.invalid:1", timeout_s=5)


def test_the_loopback_needs_no_name() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EngineUnavailableError, match=f"127.0.0.1:{port}"):
        connect("openai", base_url=f":{port}")
