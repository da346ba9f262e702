"""Every chat that was recorded from a real Ollama, through our client: it survives, with the right error
or the right record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from inference.address import ollama_address
from inference.errors import (
    ContextOverflowError,
    EngineError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
)
from inference.ollama.api import OllamaApi
from inference.ollama.chat import ollama_chat
from inference.record import of
from inference.token_estimate import TokenEstimate
from tests.inference.replay import replay

DATA = os.environ.get("SPEEDKING_TEST_DATA")
FOLDER = Path(DATA or "nowhere") / "ollama_recorded"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="SPEEDKING_TEST_DATA has no ollama_recorded")

ERRORS: Mapping[str, type[EngineError]] = {
    "chat_busy": EngineUnavailableError,
    "chat_created_wrong_type": ModelUnsuitableError,
    "chat_model_missing": ModelMissingError,
    "chat_option_wrong_type": ModelUnsuitableError,
    "chat_overlong_refused": ContextOverflowError,
    "chat_runner_killed": GenerationError,
    "chat_think_unsupported": ModelUnsuitableError,
    "chat_tools_unsupported": ModelUnsuitableError,
}
CHATS = sorted(path.stem for path in FOLDER.glob("chat_*.json"))


def recorded(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return read


def stream(name: str) -> AIMessageChunk:
    """What the client makes of a recorded answer, whatever was asked."""
    answer = recorded(name)
    lines = [line for _, line in answer["lines"]]
    with replay(answer["status"], answer["content_type"], lines) as url:
        chat = ollama_chat(
            ollama_address(url), "m", think=True, max_output_tokens=9, timeout_s=3, estimate=TokenEstimate()
        )
        first, *rest = [chunk for chunk in chat.stream("hello") if isinstance(chunk, AIMessageChunk)]
        return first.__add__(rest)


@pytest.mark.parametrize("name", [name for name in CHATS if name not in ERRORS])
def test_a_recorded_answer_brings_its_record(name: str) -> None:
    last = json.loads(recorded(name)["lines"][-1][1])
    message = stream(name)
    generation = of(message)
    assert generation is not None
    assert generation.prompt_tokens == last["prompt_eval_count"]
    assert generation.decode_tokens == last["eval_count"]
    assert generation.load_s == pytest.approx(last["load_duration"] / 1e9)
    assert generation.done_reason == last["done_reason"]
    assert generation.cached_tokens is None
    assert generation.ttft_s is not None


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_a_recorded_failure_is_the_right_error(name: str) -> None:
    with pytest.raises(ERRORS[name]) as caught:
        stream(name)
    assert caught.value.next_step


def test_a_recorded_overflow_has_both_numbers() -> None:
    with pytest.raises(ContextOverflowError) as caught:
        stream("chat_overlong_refused")
    assert (caught.value.prompt_tokens, caught.value.context_tokens) == (22_899, 4096)


def test_a_recorded_tool_call_is_parsed() -> None:
    calls = stream("chat_tool_call_stream").tool_calls
    assert [(call["name"], call["args"]) for call in calls] == [("search", {"q": "mixture of experts"})]


@pytest.mark.parametrize("name", ["chat_thinking_unset", "chat_thinking_format"])
def test_recorded_thinking_without_an_answer_has_a_first_token_and_no_first_answer(name: str) -> None:
    generation = of(stream(name))
    assert generation is not None
    assert generation.ttft_s is not None
    assert generation.ttfa_s is None


def test_the_recorded_lists_and_descriptions_are_read() -> None:
    for name, read in {"tags": OllamaApi.installed, "ps_before": OllamaApi.running}.items():
        answer = recorded(name)
        with replay(200, answer["content_type"], [answer["lines"][0][1]]) as url, OllamaApi(ollama_address(url)) as api:
            assert len(read(api)) > 1
    answer = recorded("show_created")
    with replay(200, answer["content_type"], [answer["lines"][0][1]]) as url, OllamaApi(ollama_address(url)) as api:
        shown = api.show("rec-tuned")
    assert (shown.parameter("num_ctx"), shown.parameter("temperature")) == ("8192", "0.1")
    assert (shown.number("context_length"), shown.number("expert_count")) == (262_144, 16)
    assert shown.weights is not None


@pytest.mark.parametrize("name", ["create_from", "create_unknown_parameter", "create_wrong_type"])
def test_a_recorded_creation_ends_in_success(name: str) -> None:
    answer = recorded(name)
    said: list[str] = []
    lines = [line for _, line in answer["lines"]]
    with replay(200, answer["content_type"], lines) as url, OllamaApi(ollama_address(url)) as api:
        api.create({"model": "m"}, said.append)
    assert said[-1] == "success"


def test_a_recorded_version_of_a_build_from_source_is_unknown() -> None:
    answer = recorded("version")
    with replay(200, answer["content_type"], [answer["lines"][0][1]]) as url, OllamaApi(ollama_address(url)) as api:
        assert api.version() is None
