"""Which way of calling a run takes, and that a model is probed once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from tests.inference.stand_in import Model, OllamaStandIn, Turn
from tests.speedking.door import Door, Library
from tests.speedking.test_agent import TASK, answers, call

TEXT = Turn(lines=({"content": json.dumps({"name": "search", "arguments": {"query": "ferry"}})},))


def held(name: str, **arguments: Any) -> Turn:
    return Turn(lines=({"content": json.dumps({"thought": "Look.", "tool": name, "with": arguments})},))


HELD = [
    held("search", query="ferry"),
    held("finish", answer="1987 [1]."),
    held("search", query="Ost"),
    held("search", query="x"),
]
RAN = [held("search", query="ferry to Ost"), held("finish", answer="At 07:40 from pier nine [1].")]


@pytest.fixture
def able(ollama: OllamaStandIn) -> OllamaStandIn:
    ollama.models = {"qwen:1b": Model(capabilities=("completion", "tools"))}
    return ollama


def probes() -> Path:
    return Path(platformdirs.user_data_dir("speedking", appauthor=False)) / "probes.json"


def chats(able: OllamaStandIn) -> list[Any]:
    return [asked.body for asked in able.asked if asked.path == "/api/chat"]


def test_a_model_is_probed_once_and_the_result_kept(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = [TEXT] * 4 + HELD + RAN
    first = door("agent", *library.indexed, TASK, "--json")
    assert "eight short turns" in first.err
    assert "calls: schema: in 4 prepared turns 4 valid" in first.err
    assert (first.code, first.document["stop_reason"]) == (0, "answered")
    assert [bool(body.get("format")) for body in chats(able)] == [False] * 4 + [True] * 6
    able.turns = list(RAN)
    second = door("agent", *library.indexed, TASK, "--json")
    assert "(probed once for this model)" in second.err
    assert second.code == 0


def test_a_way_that_was_asked_for_is_taken(door: Door, library: Library, able: OllamaStandIn) -> None:
    able.turns = answers()
    native = door("agent", *library.indexed, TASK, "--calls", "native", "--json")
    assert "calls: native: asked for by --calls" in native.err
    able.turns = list(RAN)
    assert door("agent", *library.indexed, TASK, "--calls", "schema", "--json").code == 0
    assert not probes().exists()


def test_a_model_that_calls_no_tools_is_held_to_a_schema_unprobed(
    door: Door, library: Library, ollama: OllamaStandIn
) -> None:
    ollama.models = {"plain:1b": Model(capabilities=("completion",))}
    ollama.turns = list(RAN)
    ran = door("agent", *library.indexed, TASK, "--json")
    assert ran.code == 0
    assert "calls: schema: the server says that this model calls no tools" in ran.err


def test_a_kept_result_that_cannot_be_read_is_found_anew(door: Door, library: Library, able: OllamaStandIn) -> None:
    probes().parent.mkdir(parents=True, exist_ok=True)
    probes().write_text("{broken")
    able.turns = [TEXT] * 4 + HELD + RAN
    assert door("agent", *library.indexed, TASK, "--json").code == 0
    assert json.loads(probes().read_text())["by_model"]


def test_the_probe_shows_each_way_and_what_went_wrong(door: Door, able: OllamaStandIn) -> None:
    able.turns = [TEXT] * 4 + HELD
    shown = door("agent", "--probe")
    assert shown.code == 0
    assert "native  0 of 4 calls valid at first, 4 repaired, 0 failed" in shown.out
    assert "schema  4 of 4 calls valid at first" in shown.out
    assert "better: schema" in shown.out
    able.turns = [call("search", query="ferry")] * 4 + HELD
    document = door("agent", "--probe", "--json").document
    assert document["calls"] == "schema"
    assert document["probe"]["native"]["valid"] == 4
    assert document["engine"] == "ollama"


def test_a_probe_whose_server_fails_is_an_error(door: Door, able: OllamaStandIn) -> None:
    able.turns = [Turn(status=500, error="out of memory")]
    ran = door("agent", "--probe", "--json")
    assert ran.code == 1
    assert "out of memory" in ran.error["message"]
