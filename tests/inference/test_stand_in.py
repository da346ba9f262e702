"""The faults and habits of a real server that the stand-in can be told to have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.inference.stand_in import Model, OllamaStandIn, Turn

WARM_NS = 4_000_000
"""load_duration of a request that loads nothing is at most this on a real server."""
TWIN = {
    "base:1b": Model(),
    "tuned:1b": Model(parameters={"num_ctx": 4096}),
    "big:1b": Model(parameters={"num_ctx": 9000}),
}
DEEP = Model(("completion", "thinking"), thoughts=[f" step{n}" for n in range(30)], weights="d" * 64)


class Client:
    """Plain HTTP, each line of an answer as JSON."""

    def __init__(self, server: OllamaStandIn, http: httpx.Client) -> None:
        self.server = server
        self.http = http

    def ask(self, path: str, **body: Any) -> list[dict[str, Any]]:
        with self.http.stream("POST", path, json=body) as response:
            return [json.loads(line) for line in response.iter_lines()]

    def chat(self, text: str = "hello", model: str = "base:1b", **more: Any) -> list[dict[str, Any]]:
        return self.ask("/api/chat", model=model, messages=[{"role": "user", "content": text}], **more)

    def last(self, text: str = "hello", model: str = "base:1b", **more: Any) -> dict[str, Any]:
        return self.chat(text, model, **more)[-1]

    def loaded(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.http.get("/api/ps").json()["models"]
        return listed

    def pull(self, name: str = "far:1b") -> tuple[list[dict[str, Any]], bool]:
        """The lines that came, and whether the connection held."""
        lines: list[dict[str, Any]] = []
        try:
            with self.http.stream("POST", "/api/pull", json={"model": name}) as response:
                lines.extend(json.loads(line) for line in response.iter_lines())
        except httpx.RemoteProtocolError:
            return lines, False
        return lines, True


@contextmanager
def reached(models: dict[str, Model]) -> Iterator[Client]:
    with OllamaStandIn(models) as server, httpx.Client(base_url=server.url, timeout=10) as http:
        yield Client(server, http)


@pytest.fixture
def client() -> Iterator[Client]:
    with reached({**TWIN, "deep:1b": DEEP}) as client:
        yield client


def test_a_full_queue_is_full_for_so_many_requests_and_takes_no_turn(client: Client) -> None:
    client.server.busy_for = 2
    client.server.turns = [Turn(lines=[{"content": "first"}]), Turn()]
    answers = [client.last() for _ in range(3)]
    assert ["pending requests" in answer.get("error", "") for answer in answers] == [True, True, False]
    assert client.chat()[0]["message"]["content"] == "Paris"
    assert answers[2]["eval_count"] == 1


def test_only_a_request_with_other_options_loads_a_model_again(client: Client) -> None:
    loads = [
        client.last(),
        client.last(),
        client.last(model="tuned:1b"),
        client.last(model="big:1b"),
        client.last(model="big:1b", options={"temperature": 1, "num_gpu": -1}),
        client.last(model="big:1b", options={"num_thread": 1}),
        client.last(model="big:1b", options={"num_thread": 1}, shift=False),
    ]
    assert [answer["load_duration"] > WARM_NS for answer in loads] == [True, False, False, True, False, True, True]
    assert client.server.running == ["big:1b"]


def test_a_runner_keeps_the_name_that_loaded_it(client: Client) -> None:
    client.last()
    client.last(model="tuned:1b")
    assert [loaded["name"] for loaded in client.loaded()] == ["base:1b"]


def test_an_automatic_batch_follows_the_context(client: Client) -> None:
    client.last(options={"num_ctx": 4096})
    assert client.last(options={"num_ctx": 4096, "num_batch": 512})["load_duration"] <= WARM_NS
    assert client.last(options={"num_ctx": 4096, "num_batch": 1024})["load_duration"] > WARM_NS


def test_a_model_that_goes_is_listed_for_so_many_polls(client: Client) -> None:
    client.server.lingers = 2
    client.last()
    assert client.ask("/api/generate", model="base:1b", keep_alive=0)[0]["done_reason"] == "unload"
    assert [len(client.loaded()) for _ in range(4)] == [1, 1, 0, 0]


def test_a_model_that_is_asked_for_while_it_goes_is_loaded_again(client: Client) -> None:
    client.server.lingers = 9
    client.last()
    client.ask("/api/generate", model="base:1b", keep_alive=0)
    assert client.last()["load_duration"] > WARM_NS
    assert len(client.loaded()) == 1


def test_keep_alive_says_when_a_model_expires_and_zero_lets_it_go_after_the_answer(client: Client) -> None:
    now = datetime.now(UTC)
    left = []
    for keep_alive in (None, 60, "1h30m", -1):
        client.last(keep_alive=keep_alive)
        left.append((datetime.fromisoformat(client.loaded()[0]["expires_at"]) - now).total_seconds())
    assert left[:3] == pytest.approx([300, 60, 5400], abs=20)
    assert left[3] > 1e9
    client.last(keep_alive=0)
    assert client.loaded() == []


def test_the_share_on_the_card_is_told_where_the_server_tells_it() -> None:
    models = {"half:1b": Model(vram_share=0.5, weights="1"), "old:1b": Model(vram_share=None, weights="2")}
    with reached(models) as client:
        client.server.running = ["half:1b", "old:1b"]
        half, old = client.loaded()
    assert half["size_vram"] == half["size"] / 2
    assert "size_vram" not in old


def test_the_cached_part_of_a_prompt_is_what_it_begins_with_in_common(client: Client) -> None:
    client.server.cached_counts = True
    counts = [client.last(text)["prompt_eval_cached_count"] for text in ("a b c", "a b c", "a b d e", "x b d e")]
    assert counts == [0, 2, 2, 0]
    client.server.keeps_prefix = False
    assert client.last("x b d e")["prompt_eval_cached_count"] == 0


def test_a_lost_prefix_is_read_again_at_full_length_though_no_count_tells(client: Client) -> None:
    long = "word " * 2000
    first, second = client.last(long), client.last(long)
    client.server.keeps_prefix = False
    third = client.last(long)
    assert "prompt_eval_cached_count" not in first
    assert first["prompt_eval_count"] == second["prompt_eval_count"] == third["prompt_eval_count"] == 2000
    assert second["prompt_eval_duration"] < first["prompt_eval_duration"] / 5
    assert third["prompt_eval_duration"] == first["prompt_eval_duration"]


@pytest.mark.parametrize(("think", "thoughts"), [({}, 30), ({"think": True}, 30), ({"think": False}, 0)])
def test_a_thinking_model_thinks_unless_it_is_told_not_to(client: Client, think: dict[str, Any], thoughts: int) -> None:
    lines = client.chat(model="deep:1b", **think)
    assert len([line for line in lines if line["message"].get("thinking")]) == thoughts
    assert lines[-1]["eval_count"] == thoughts + 2


def test_thinking_that_eats_num_predict_leaves_no_answer(client: Client) -> None:
    answer = client.last(model="deep:1b", options={"num_predict": 12}, stream=False)
    assert (answer["done_reason"], answer["eval_count"]) == ("length", 12)
    assert answer["message"]["content"] == ""
    assert answer["message"]["thinking"].endswith("step11")


def test_a_prompt_that_is_too_long_is_refused_where_cutting_is_forbidden_and_the_server_heeds_it(
    client: Client,
) -> None:
    long = "word " * 5000
    assert "exceeds the available context size" in client.last(long, truncate=False)["error"]
    client.server.honours_truncate = False
    assert client.last(long, truncate=False)["prompt_eval_count"] == 2050


def test_the_oldest_turns_go_first_and_instructions_stay(client: Client) -> None:
    roles = ["system", "user", "assistant", "user"]
    messages = [{"role": role, "content": f"{role} " * 1200} for role in roles]
    assert client.ask("/api/chat", model="base:1b", messages=messages)[-1]["prompt_eval_count"] == 3600


def test_a_head_that_is_kept_leaves_room_for_one_token(client: Client) -> None:
    answer = client.last("word " * 5000, options={"num_keep": 4096})
    assert (answer["prompt_eval_count"], answer["eval_count"], answer["done_reason"]) == (4095, 1, "length")


def test_an_error_stands_before_the_stream_or_within_it(client: Client) -> None:
    client.server.turns = [Turn(status=500, error="boom"), Turn(error="boom"), Turn(error="boom")]
    assert client.chat() == [{"error": "boom"}]
    assert [line.get("error") for line in client.chat()] == [None, None, "boom"]
    assert client.chat(stream=False) == [{"error": "boom"}]


def test_a_pull_that_is_cut_off_goes_on_where_it_was(client: Client) -> None:
    client.server.pullable, client.server.pull_cut_at = {"far:1b": 2000}, 777
    lines, held = client.pull()
    assert not held
    assert lines[0] == {"status": "pulling manifest"}
    assert lines[1].keys() == {"status", "digest", "total"}
    assert (lines[-1]["completed"], client.server.pulled_bytes) == (777, {"far:1b": 777})
    again, held = client.pull()
    assert held
    assert again[1]["completed"] == 777
    assert again[1]["digest"] == lines[-1]["digest"]
    assert sum({line["digest"]: line["total"] for line in again if "digest" in line}.values()) == 2000
    assert [line["status"] for line in again[-3:]] == ["verifying sha256 digest", "writing manifest", "success"]
    assert client.server.models["far:1b"].size == 2000


@pytest.mark.parametrize(
    ("error", "half_way"), [("pull model manifest: file does not exist", False), ("no space left on device", True)]
)
def test_a_pull_fails_at_once_or_half_way(client: Client, error: str, half_way: bool) -> None:
    client.server.pullable, client.server.pull_error = {"far:1b": 2000}, error
    lines, held = client.pull()
    assert held
    assert lines[-1] == {"error": error}
    assert any("completed" in line for line in lines) is half_way
    assert "far:1b" not in client.server.models


def test_a_model_that_the_registry_does_not_have_cannot_be_pulled(client: Client) -> None:
    assert client.pull("nowhere:1b")[0][-1] == {"error": "pull model manifest: file does not exist"}


def test_a_wrong_type_is_stored_and_breaks_every_use(client: Client) -> None:
    made = client.ask("/api/create", model="wrong", **{"from": "base:1b"}, parameters={"num_batch": "512"})
    assert made[-1] == {"status": "success"}
    assert client.last(model="wrong") == {"error": 'option "num_batch" must be of type integer'}


def test_a_parser_brings_tools_and_thinking(client: Client) -> None:
    client.ask("/api/create", model="new", files={"m.gguf": "sha256:" + "e" * 64}, renderer="qwen3.5", parser="qwen3.5")
    shown = client.ask("/api/show", model="new")[0]
    assert shown["capabilities"] == ["completion", "tools", "thinking"]
    assert "\nRENDERER qwen3.5\nPARSER qwen3.5\n" in shown["modelfile"]


def test_the_other_dialect_tells_thinking_calls_and_errors_its_own_way(client: Client) -> None:
    call = {"id": "c", "function": {"name": "search", "arguments": {"q": "moe"}}}
    client.server.models["deep:1b"] = Model(("completion", "thinking", "tools"), thoughts=["hm"])
    client.server.turns = [Turn(lines=[{"content": "", "tool_calls": [call]}]), Turn(status=500, error="boom")]
    asked = {"model": "deep:1b", "messages": [{"role": "user", "content": "x"}], "stream": False}
    choice = client.ask("/v1/chat/completions", **asked)[0]["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["reasoning"] == "hm"
    assert json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"]) == {"q": "moe"}
    assert client.ask("/v1/chat/completions", **asked)[0]["error"]["message"] == "boom"
