"""Finding the server, choosing the model, and the context that is really in force."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

from inference import Connection, connect
from inference.address import ollama_address
from inference.errors import (
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
    UsageError,
)
from inference.modelfile.parameters import LOAD_TIME
from inference.ollama.api import OllamaApi
from tests.inference.replay import replay
from tests.inference.stand_in import Model, OllamaStandIn

MOE = Model(family="qwen35moe", size=24_000)
EMBEDDER = Model(capabilities=("embedding",), family="bert")


def chosen(models: dict[str, Model], running: list[str] | None = None) -> Connection:
    with OllamaStandIn(models) as server:
        server.running = running or []
        return connect("ollama", base_url=server.url)


def test_the_tuned_tag_comes_first_the_newest_of_several() -> None:
    models = {
        "speedking-old:latest": Model(modified="2026-01-01T00:00:00Z"),
        "speedking-new:latest": Model(modified="2026-02-01T00:00:00Z"),
        "qwen:1b": Model(),
    }
    connection = chosen(models, running=["qwen:1b"])
    assert connection.model == "speedking-new:latest"
    assert "tuned" in connection.why


def test_then_the_loaded_one() -> None:
    connection = chosen({"moe:1b": MOE, "llama:1b": Model(family="llama")}, running=["llama:1b"])
    assert connection.model == "llama:1b"
    assert "loaded" in connection.why


@pytest.mark.parametrize(
    ("models", "best"),
    [
        ({"llama:70b": Model(family="llama", size=40_000), "qwen:1b": Model(), "moe:1b": MOE}, "moe:1b"),
        ({"llama:70b": Model(family="llama", size=40_000), "qwen:1b": Model()}, "qwen:1b"),
        ({"a:1b": Model(family="llama", size=1_000), "b:1b": Model(family="llama", size=2_000)}, "b:1b"),
        ({"moe:1b": Model(family="qwen35moe", size=1 << 60), "qwen:1b": Model()}, "qwen:1b"),
        ({"a:1b": Model(size=1 << 60), "b:1b": Model(size=1 << 59)}, "b:1b"),
    ],
)
def test_then_the_best_suited_that_fits(models: dict[str, Model], best: str) -> None:
    assert chosen(models).model == best


def test_models_for_embedding_or_on_another_s_computer_are_skipped() -> None:
    cloud = Model(family="qwen35moe", remote_host="https://far.example:443")
    assert chosen({"embed:1b": EMBEDDER, "big:cloud": cloud, "qwen:1b": Model()}).model == "qwen:1b"


def test_a_server_that_lists_no_capabilities_is_asked_for_each_model() -> None:
    assert chosen({"qwen:1b": Model(capabilities=None)}).model == "qwen:1b"


def test_a_server_with_nothing_installed_says_what_to_pull() -> None:
    with pytest.raises(ModelMissingError) as caught:
        chosen({})
    assert "ollama pull" in caught.value.next_step


def test_a_server_with_nothing_but_embedders_says_so() -> None:
    with pytest.raises(ModelUnsuitableError, match="embed:1b"):
        chosen({"embed:1b": EMBEDDER})


def test_a_missing_model_names_the_installed_ones_and_the_pull() -> None:
    with OllamaStandIn() as server, pytest.raises(ModelMissingError, match="qwen:1b") as caught:
        connect("ollama", "nope", base_url=server.url)
    assert "`ollama pull nope`" in caught.value.next_step


def test_an_embedding_model_by_name_is_refused() -> None:
    with OllamaStandIn({"embed:1b": EMBEDDER}) as server, pytest.raises(ModelUnsuitableError, match="embedding"):
        connect("ollama", "embed:1b", base_url=server.url)


def test_a_model_on_another_s_computer_by_name_is_refused() -> None:
    models = {"big:cloud": Model(remote_host="https://far.example:443")}
    with OllamaStandIn(models) as server, pytest.raises(ModelUnsuitableError, match=r"far\.example"):
        connect("ollama", "big:cloud", base_url=server.url)


def test_a_name_without_a_tag_means_latest() -> None:
    with OllamaStandIn({"mine:latest": Model()}) as server:
        assert connect("ollama", "mine", base_url=server.url).model == "mine:latest"


def test_the_address_comes_from_ollama_host(monkeypatch: pytest.MonkeyPatch) -> None:
    with OllamaStandIn() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url.removeprefix("http://"))
        assert server.url in connect("ollama").why


def test_a_proxy_of_the_environment_is_not_asked_for_the_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with OllamaStandIn() as server:
        assert connect("ollama", base_url=server.url).chat.invoke("hello").content == "Paris it is"


def test_no_server_names_the_address_and_two_ways_on() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(EngineUnavailableError, match=url) as caught:
            connect("ollama", base_url=url)
    assert "ollama serve" in caught.value.next_step
    assert "--engine reader" in caught.value.next_step


@pytest.mark.parametrize("proxy", ["socks9://proxy:1", "socks5://proxy:1", "http://proxy:port"])
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if proxy.startswith("socks5") and find_spec("socksio"):
        pytest.skip("this httpx can do socks5")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("all_proxy", proxy)
    with pytest.raises(EngineUnavailableError, match="all_proxy") as caught:
        connect("ollama", base_url="http://far.invalid:1")
    assert "ALL_PROXY" in caught.value.next_step


@contextmanager
def silent_port() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_port_that_says_nothing_is_no_server() -> None:
    with silent_port() as url, pytest.raises(EngineUnavailableError, match="no Ollama answers"):
        connect("ollama", base_url=url, timeout_s=0.1)


def test_what_a_server_has_at_hand_is_not_waited_for_as_long_as_its_work() -> None:
    with silent_port() as url, OllamaApi(ollama_address(url), timeout_s=60, answer_s=0.1) as api:
        for ask in (api.version, api.installed, api.running, lambda: api.show("m:1b")):
            with pytest.raises(EngineUnavailableError, match="no Ollama answers"):
                ask()


def test_a_server_that_is_silent_over_its_work_is_not_called_gone() -> None:
    with (
        silent_port() as url,
        OllamaApi(ollama_address(url), timeout_s=0.1) as api,
        pytest.raises(GenerationError, match=r"no byte for 0\.1 s") as caught,
    ):
        api.load("m:1b")
    assert "SPEEDKING_TIMEOUT_S" in caught.value.next_step


def test_a_host_that_cannot_be_found_is_no_server() -> None:
    with pytest.raises(EngineUnavailableError):
        connect("ollama", base_url="http://nowhere.invalid:1", timeout_s=5)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", "<html>It works!</html>"),
        (200, "application/json", '{"hello": "world"}'),
        (200, "application/json", '["version"]'),
        (404, "text/html", "<h1>Not Found</h1>"),
        (404, "application/json", '{"detail": "Not Found"}'),
        (500, "text/plain", "boom"),
    ],
)
def test_something_else_that_answers_is_named_by_its_address(status: int, kind: str, body: str) -> None:
    with replay(status, kind, [body]) as url, pytest.raises(EngineUnavailableError, match=url) as caught:
        connect("ollama", base_url=url)
    assert "not Ollama" in caught.value.message


def test_a_context_that_the_model_sets_is_known_without_loading_it() -> None:
    with OllamaStandIn({"m:1b": Model(parameters={"num_ctx": 8192})}) as server:
        assert connect("ollama", "m:1b", base_url=server.url).context_tokens == 8192
        assert server.running == []


def test_a_context_beyond_the_training_is_cut_to_it() -> None:
    with OllamaStandIn({"m:1b": Model(parameters={"num_ctx": 90_000}, trained=32_768)}) as server:
        assert connect("ollama", "m:1b", base_url=server.url).context_tokens == 32_768


def test_a_context_left_open_is_read_from_the_loaded_model() -> None:
    with OllamaStandIn({"m:1b": Model()}, served_context=32_000) as server:
        connection = connect("ollama", "m:1b", base_url=server.url)
    assert connection.context_tokens == 32_000
    assert "32,000" in connection.why


def test_a_runner_under_the_name_of_its_twin_is_found_by_its_weights() -> None:
    models = {"base:1b": Model(weights="b" * 64), "twin:1b": Model(weights="b" * 64), "other:1b": Model()}
    with OllamaStandIn(models, served_context=7000) as server:
        server.running = ["other:1b", "base:1b"]
        assert connect("ollama", "twin:1b", base_url=server.url).context_tokens == 7000
        assert server.running == ["other:1b", "base:1b"]


def test_no_request_carries_an_option_that_would_load_the_model_again() -> None:
    with OllamaStandIn() as server:
        connect("ollama", base_url=server.url).chat.invoke("hello")
        sent = {name for chat in server.chats() for name in chat.body["options"]}
    assert sent
    assert not sent & LOAD_TIME


def test_the_facts_for_a_record_are_there() -> None:
    with OllamaStandIn({"m:1b": Model(parameters={"num_ctx": 8192, "top_k": 20})}) as server:
        connection = connect("ollama", "m:1b", base_url=server.url)
    assert connection.digest == "digest-of-m:1b"
    facts = connection.facts
    assert (facts.version, facts.family, facts.quantization) == ("0.33.0", "qwen2", "Q4_K_M")
    assert facts.weights_sha256 == "a" * 64
    assert facts.trained_context == 32_768
    assert facts.options == (("num_ctx", "8192"), ("top_k", "20"))


@pytest.mark.parametrize("engine", ["reader", "auto", ""])
def test_an_unknown_engine_names_the_known_ones(engine: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect(engine)
    assert "gguf" in caught.value.next_step


def test_a_context_for_ollama_points_to_tune() -> None:
    with pytest.raises(UsageError) as caught:
        connect("ollama", context_tokens=8192)
    assert "tune --num-ctx 8192" in caught.value.next_step


def test_no_output_tokens_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="max_output_tokens"):
        connect("ollama", max_output_tokens=0)
