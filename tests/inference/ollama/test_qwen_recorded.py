"""What a real Qwen wrote through a real Ollama: our client reads it, and the stand-in can say it the same way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessageChunk

from inference.address import ollama_address
from inference.ollama.chat import ollama_chat
from inference.record import Generation, of
from inference.token_estimate import TokenEstimate
from tests.inference.replay import replay
from tests.inference.stand_in import Model, OllamaStandIn, Turn

FOLDER = Path(__file__).parents[1] / "recorded"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
PARSED = {"qwen_call_parsed": "compare two reports", "qwen_call_with_escapes": "quoted words in C:\\new\\table"}


def recorded(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return read


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in recorded(name)["lines"]]


def message(name: str) -> AIMessageChunk:
    """What our client makes of a recorded answer."""
    answer = recorded(name)
    with replay(answer["status"], answer["content_type"], answer["lines"]) as url:
        chat = ollama_chat(
            ollama_address(url), "m", think=False, max_output_tokens=9, timeout_s=9, estimate=TokenEstimate()
        )
        first, *rest = [chunk for chunk in chat.stream("hello") if isinstance(chunk, AIMessageChunk)]
        return first.__add__(rest)


def record(name: str) -> Generation:
    generation = of(message(name))
    assert generation is not None
    return generation


@pytest.mark.parametrize("name", NAMES)
def test_every_text_and_every_count_arrives(name: str) -> None:
    *_, last = lines(name)
    text = "".join(line["message"]["content"] for line in lines(name))
    assert message(name).content == text
    generation = record(name)
    assert (generation.prompt_tokens, generation.decode_tokens) == (last["prompt_eval_count"], last["eval_count"])
    assert generation.done_reason == last["done_reason"]


@pytest.mark.parametrize("name", NAMES)
def test_only_what_ollama_parsed_is_a_call(name: str) -> None:
    calls = [call["args"] for call in message(name).tool_calls]
    assert calls == ([{"query": PARSED[name]}] if name in PARSED else [])


def test_a_call_counts_as_what_is_left_beside_the_text() -> None:
    generation = record("qwen_call_parsed")
    assert (generation.answer_tokens, generation.call_tokens) == (0, generation.decode_tokens)
    assert generation.ttfa_s is None


def test_a_call_that_was_cut_is_text_and_its_pieces_are_no_tokens() -> None:
    generation = record("qwen_call_cut")
    assert (generation.done_reason, generation.answer_chunks) == ("length", 1)
    assert generation.answer_tokens is None


@pytest.mark.parametrize("name", [name for name in NAMES if name != "qwen_call_cut"])
def test_the_stand_in_says_it_as_the_real_one_did(name: str) -> None:
    """But for the cut call, whose text stands on the last line: the stand-in never writes any there."""
    *before, last = lines(name)
    said = [{k: v for k, v in line["message"].items() if k != "role"} for line in before]
    numbers = {key: value for key, value in last.items() if key not in ("model", "created_at", "message", "done")}
    body = recorded(name)["request"]["body"]
    models = {body["model"]: Model(("completion", "tools"), {"num_ctx": 8192})}
    with OllamaStandIn(models) as server:
        server.turns = [Turn(lines=said, done=numbers)]
        answer = httpx.post(f"{server.url}/api/chat", json={**body, "format": None, "options": {}})
    assert (answer.status_code, answer.headers["content-type"]) == (200, recorded(name)["content_type"])
    again = [json.loads(line) for line in answer.text.splitlines()]
    assert [list(line) for line in again] == [list(line) for line in lines(name)]
    assert [line["message"] for line in again] == [line["message"] for line in lines(name)]
