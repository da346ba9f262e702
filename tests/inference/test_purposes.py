"""Purposes: what each sends, and that changing it loads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inference import Connection, connect
from inference.errors import UsageError
from inference.modelfile.parameters import LOAD_TIME, check
from inference.purposes import ANEW, PURPOSES, Purpose, purpose, request_options
from tests.gguf_models import write_tiny_model
from tests.inference.stand_in import Model, OllamaStandIn

RUN_TIME = {"temperature", "top_p", "top_k", "min_p", "presence_penalty", "repeat_penalty", "num_predict", "seed"}


@pytest.fixture
def server() -> Iterator[OllamaStandIn]:
    models = {
        "qwen:1b": Model(parameters={"num_ctx": 8192, "presence_penalty": 1.5, "temperature": 1}),
        "deep:1b": Model(("completion", "thinking"), {"num_ctx": 8192}),
    }
    with OllamaStandIn(models) as running:
        yield running


def sent(server: OllamaStandIn) -> dict[str, float]:
    options = server.chats()[-1].body["options"]
    assert isinstance(options, dict)
    return options


def test_the_order_of_temperatures_is_the_guide_s() -> None:
    heat = [PURPOSES[name].temperature for name in ("rag", "coding", "creative", "humor")]
    assert heat == sorted(set(heat))
    assert PURPOSES["agent"].temperature < PURPOSES["creative"].temperature


@pytest.mark.parametrize("name", ["rag", "agent"])
def test_what_must_come_out_the_same_again_is_greedy_seeded_and_unpenalised(name: str) -> None:
    options = request_options(PURPOSES[name])
    assert (options["temperature"], options["seed"]) == (0, 1)
    assert (options["presence_penalty"], options["repeat_penalty"]) == (0, 1)


@pytest.mark.parametrize("wanted", PURPOSES.values(), ids=lambda wanted: wanted.name)
def test_a_purpose_sends_every_run_time_option_and_no_load_time_one(wanted: Purpose) -> None:
    options = request_options(wanted)
    assert options.keys() == RUN_TIME
    assert not options.keys() & LOAD_TIME
    for name, value in options.items():
        check(name, value)
    assert wanted.num_predict < wanted.context_tokens
    assert wanted.reason


def test_a_name_that_is_none_is_told_the_names() -> None:
    with pytest.raises(UsageError, match="'poetry'") as caught:
        purpose("poetry")
    assert all(name in caught.value.next_step for name in PURPOSES)


@pytest.mark.parametrize(
    ("field", "value"), [("temperature", -0.1), ("top_p", 1.5), ("presence_penalty", 3), ("num_predict", 0)]
)
def test_a_purpose_of_one_s_own_is_checked(field: str, value: float) -> None:
    with pytest.raises(UsageError, match=field):
        replace(PURPOSES["rag"], name="mine", **{field: value})  # type: ignore[arg-type]


def test_the_model_s_inherited_penalty_does_not_act(server: OllamaStandIn) -> None:
    connect("ollama", "qwen:1b", base_url=server.url).chat.invoke("hello")
    assert sent(server)["presence_penalty"] == 0.0
    assert sent(server)["temperature"] == 0.0


def test_another_purpose_goes_with_the_next_request_and_nothing_is_loaded(server: OllamaStandIn) -> None:
    connection = connect("ollama", "qwen:1b", base_url=server.url)
    before = len(server.asked)
    for name in PURPOSES:
        connection.purposed(name).chat.invoke("hello")
        assert sent(server) == dict(request_options(PURPOSES[name]))
    connection.chat.invoke("hello")
    assert sent(server) == dict(request_options(PURPOSES["rag"]))
    assert {asked.path for asked in server.asked[before:]} == {"/api/chat"}


def test_a_connection_made_for_a_purpose_writes_as_long_as_that_wants(server: OllamaStandIn) -> None:
    connect("ollama", "qwen:1b", base_url=server.url, purpose="coding").chat.invoke("hello")
    assert sent(server)["num_predict"] == PURPOSES["coding"].num_predict
    connect("ollama", "qwen:1b", base_url=server.url, purpose="coding", max_output_tokens=7).chat.invoke("hello")
    assert sent(server)["num_predict"] == 7


def test_the_limit_on_what_is_written_can_still_be_changed(server: OllamaStandIn) -> None:
    connect("ollama", "qwen:1b", base_url=server.url).purposed("creative").writing(9).chat.invoke("hello")
    assert (sent(server)["num_predict"], sent(server)["temperature"]) == (9, 0.8)


def test_thinking_takes_effect_only_where_the_model_can(server: OllamaStandIn) -> None:
    thoughtful = replace(PURPOSES["coding"], name="careful", think=True)
    for model, thinks in (("deep:1b", True), ("qwen:1b", False)):
        connection = connect("ollama", model, base_url=server.url).purposed(thoughtful)
        connection.chat.invoke("hello")
        assert (connection.thinking, server.chats()[-1].body["think"]) == (thinks, thinks)
        assert connect("ollama", model, base_url=server.url, purpose=thoughtful).thinking is thinks
    plain = connect("ollama", "deep:1b", base_url=server.url, purpose=thoughtful, think=False)
    assert plain.thinking is False


def test_options_of_a_single_call_replace_the_purpose_s(server: OllamaStandIn) -> None:
    chat = connect("ollama", "qwen:1b", base_url=server.url).chat
    chat.bind(options={"temperature": 0.5}).invoke("hello")
    assert sent(server) == {"temperature": 0.5}


def test_an_answer_that_is_drawn_anew_says_so(server: OllamaStandIn) -> None:
    connect("ollama", "qwen:1b", base_url=server.url, purpose="humor").chat.invoke("hello")
    assert sent(server)["seed"] == ANEW


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    pytest.importorskip("xllamacpp", reason="the extra gguf is not installed")
    from inference.gguf.connect import close_all

    file = write_tiny_model(tmp_path_factory.mktemp("gguf") / "tiny.gguf", answer="one two three four")
    yield connect("gguf", str(file), context_tokens=512, threads=1)
    close_all()


@pytest.mark.parametrize("name", PURPOSES)
def test_llama_cpp_takes_every_purpose(in_process: Connection, name: str) -> None:
    assert "one" in str(in_process.purposed(name).chat.invoke("hello").content)


def test_llama_cpp_draws_by_the_purpose(in_process: Connection) -> None:
    """Inside a free string all tokens are as likely: greedy with a seed it is one text, drawn anew several."""

    def texts(name: str) -> set[str]:
        chat = in_process.purposed(name).writing(24).chat.bind(format={"type": "string"})
        return {str(chat.invoke("hello").content) for _ in range(4)}

    assert len(texts("rag")) == len(texts("agent")) == 1
    assert len(texts("humor")) > 1


def test_a_file_in_the_process_is_asked_with_all_of_it(in_process: Connection, tmp_path: Path) -> None:
    chat = in_process.purposed("creative").writing(3).chat
    request = chat._request([], None)  # type: ignore[attr-defined]
    expected = {**request_options(PURPOSES["creative"]), "max_tokens": 3}
    del expected["num_predict"]
    assert expected.items() <= request.items()
