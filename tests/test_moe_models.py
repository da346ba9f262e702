"""The synthetic mixtures of experts, in a real llama.cpp: they load, and say what their script says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from inference.address import ollama_address
from inference.gguf.file import read_gguf
from inference.ollama.api import OllamaApi
from tests.inference.stand_in import OllamaStandIn
from tests.moe_models import NOT_THINKING, QWEN35, THINKING, Script, create_body, tool_call, write_moe_model
from tests.moe_tensors import Geometry

SMALL = Geometry(width=128, layers=4, experts=8, experts_used=2, expert_width=32, shared_width=32, context=8192)
NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}
SEARCH = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search the documents.",
        "parameters": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]},
    },
}
QUESTION = {"role": "user", "content": "What is it?"}


class Engine:
    """llama.cpp's own server over one file."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def chat(self, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
        body = {"messages": list(messages) or [QUESTION], "temperature": 0, "max_tokens": 400, **more}
        answer: dict[str, Any] = self._http.post("/v1/chat/completions", json=body).json()
        return answer

    def message(self, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
        message: dict[str, Any] = self.chat(*messages, **more)["choices"][0]["message"]
        return message


@contextmanager
def engine(path: Path) -> Iterator[Engine]:
    xllamacpp = pytest.importorskip("xllamacpp", reason="the extra gguf is not installed")
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = 4096
    params.n_parallel = 1
    params.verbosity = -1
    params.ui = False
    params.cache_ram_mib = 0
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads, cpu.poll = 2, 0
    server = xllamacpp.Server(params)
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=str(server.listening_address), timeout=120, limits=limits) as http:
        yield Engine(http)
    del server


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tmp_path_factory.mktemp("moe") / "moe.gguf"
    with engine(write_moe_model(path, geometry=SMALL, script=Script(thoughts=20))) as running:
        yield running


def test_with_thinking_it_thinks_a_known_number_of_tokens_and_calls_the_tool(scripted: Engine) -> None:
    answer = scripted.chat(tools=[SEARCH])
    message = answer["choices"][0]["message"]
    assert message["reasoning_content"].split() == [f"step{n}" for n in range(20)]
    assert [call["function"]["name"] for call in message["tool_calls"]] == ["search"]
    assert message["tool_calls"][0]["function"]["arguments"] == '{"q":"mixture of experts"}'
    assert answer["usage"]["completion_tokens"] == 20 + 3  # the end of thinking, the call, the end


def test_without_thinking_it_answers(scripted: Engine) -> None:
    answer = scripted.chat(**NO_THINKING)
    message = answer["choices"][0]["message"]
    assert message["content"] == "Local models answer from your own documents [1]."
    assert not message.get("reasoning_content")
    assert answer["usage"]["completion_tokens"] == 9


def test_the_loop_goes_round_as_often_as_it_is_asked(scripted: Engine) -> None:
    messages: list[dict[str, Any]] = [QUESTION]
    for _ in range(3):
        said = scripted.message(*messages, tools=[SEARCH])
        messages += [said, {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "found"}]
        assert len(said["tool_calls"]) == 1
    assert scripted.message(*messages, tools=[SEARCH], **NO_THINKING)["content"].startswith("Local models")


def test_a_byte_of_a_prompt_is_a_token(scripted: Engine) -> None:
    short, long = (
        scripted.chat({"role": "user", "content": "x" * size}, **NO_THINKING)["usage"]["prompt_tokens"]
        for size in (100, 1100)
    )
    assert long - short == 1000


def test_prompts_end_as_ollama_s_renderer_ends_them() -> None:
    assert (
        QWEN35.count(f"assistant\n{{% if enable_thinking is defined and enable_thinking is false %}}{NOT_THINKING}")
        == 1
    )
    assert QWEN35.endswith(f"{{% else %}}{THINKING}{{% endif %}}{{% endif %}}")


@pytest.mark.parametrize("architecture", ["qwen35moe", "qwen3moe"])
@pytest.mark.parametrize("quantization", ["F16", "Q8_0", "Q4_0"])
def test_each_architecture_and_quantization_follows_the_script(
    tmp_path: Path, architecture: Any, quantization: Any
) -> None:
    script = Script(thoughts=2, call=tool_call("look", {"where": "here"}), answer="Yes indeed.")
    path = write_moe_model(
        tmp_path / "m.gguf", architecture=architecture, geometry=SMALL, quantization=quantization, script=script
    )
    with engine(path) as running:
        assert running.message(**NO_THINKING)["content"] == "Yes indeed."
        assert "<function=look>" in running.message()["content"]


def test_without_a_call_the_answer_follows_the_thoughts(tmp_path: Path) -> None:
    path = write_moe_model(tmp_path / "m.gguf", geometry=SMALL, script=Script(thoughts=2, call=None, answer="Yes."))
    with engine(path) as running:
        message = running.message()
    assert (message["reasoning_content"].split(), message["content"]) == (["step0", "step1"], "Yes.")


def test_a_vocabulary_that_is_trained_makes_tokens_of_words(tmp_path: Path) -> None:
    text = "the mixture of experts answers from the documents and the router chooses the experts " * 20
    path = write_moe_model(tmp_path / "m.gguf", geometry=SMALL, text=text, vocabulary_size=400)
    with engine(path) as running:
        answer = running.chat({"role": "user", "content": text}, **NO_THINKING)
    assert answer["usage"]["prompt_tokens"] < 2 * len(text.split())
    assert answer["choices"][0]["message"]["content"].endswith("[1].")


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    path = write_moe_model(tmp_path / "m.gguf")
    file = read_gguf(path)
    assert (file.architecture, file.trained_context) == ("qwen35moe", 262_144)
    assert (file.number("expert_count"), file.number("full_attention_interval")) == (16, 4)
    assert path.stat().st_size < 40_000_000


def test_a_script_in_which_two_tokens_follow_the_same_is_refused() -> None:
    with pytest.raises(AssertionError, match="two tokens follow"):
        Script(answer="one two three two").follows()


def test_ollama_s_create_takes_it_with_tools_and_thinking(tmp_path: Path) -> None:
    path = write_moe_model(tmp_path / "m.gguf", geometry=SMALL)
    body = create_body("moe", path, {"num_ctx": 8192})
    with OllamaStandIn({}) as server, OllamaApi(ollama_address(server.url)) as api:
        api.upload_blob(body["files"]["m.gguf"].removeprefix("sha256:"), path, lambda sent: None)
        api.create(body, lambda status: None)
        shown = api.show("moe")
    assert shown.capabilities == ("completion", "tools", "thinking")
    assert shown.parameter("num_ctx") == "8192"
    assert shown.weights == body["files"]["m.gguf"].removeprefix("sha256:")
