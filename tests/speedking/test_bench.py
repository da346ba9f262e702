from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agents import Tools
from agents.policy import Policy
from agents.state import State
from speedking.course import Course, PreparedTools, cut, forced_cycles
from tests.gguf_models import write_tiny_model
from tests.inference.stand_in import Model, OllamaStandIn, Turn
from tests.speedking.door import Door, records

ROW = {"name", "prompt_tokens", "cached_tokens", "ttft_s", "prefill_tps", "decode_tps", "reason"}


def row(document: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(dict(row) for row in document["rows"] if row["kind"] == kind)


def test_without_a_model_cycles_are_timed_and_the_rest_says_what_it_needs(door: Door, tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    measured = door("bench", "--cycles", "3", "--repeats", "2", "--out", out, "--json")
    assert measured.code == 0
    document = measured.document
    assert all(row.keys() >= ROW for row in document["rows"])
    assert (document["engine"], document["run_file"]) == ("reader", str(out))
    prefill, cycles = row(document, "prefill"), row(document, "cycles")
    assert (prefill["status"], prefill["prefill_tps"]) == ("skipped", None)
    assert "need a language model" in prefill["reason"]
    assert "decode" in prefill["reason"]
    assert cycles["wall_s"] == pytest.approx(cycles["model_s"] + cycles["tool_s"] + cycles["framework_s"], rel=0.2)
    assert document["claims"][0]["verdict"] == "not measured"

    (head,) = records(out, "run")
    assert {"cpu", "packages", "model", "options"} <= head["fingerprint"].keys()
    assert head["fingerprint"]["options"]["cycles"] == 3
    samples = next(row["samples"] for row in records(out, "row") if row["kind"] == "cycles")
    assert [len(sample["cycles"]) for sample in samples] == [3, 3]
    for step in (step for sample in samples for step in sample["cycles"]):
        assert step["wall_s"] == pytest.approx(step["model_s"] + step["tool_s"] + step["framework_s"])


def test_a_model_in_the_process_is_measured_cold_and_its_cycles_are_forced(door: Door, tmp_path: Path) -> None:
    file = write_tiny_model(tmp_path / "tiny.gguf", context=8192)
    measured = door(
        "bench", "--model", file, "--cycles", "2", "--prefill", "600", "--prefill", "9000", "--repeats", "1", "--json"
    )
    assert measured.code == 0
    fits, too_long = (row for row in measured.document["rows"] if row["kind"] == "prefill")
    assert fits["status"] in ("measured", "bounded")
    assert fits["prefill_tps"] > 0
    assert too_long["status"] == "skipped"
    assert "8,192" in too_long["reason"]
    cycle = row(measured.document, "cycle")
    assert cycle["forced"] == 2
    assert cycle["ttft_s"] > 0


def test_a_person_sees_each_row_and_the_claims(door: Door, ollama: OllamaStandIn) -> None:
    ollama.models = {"qwen:1b": Model(capabilities=("completion", "tools"))}
    shown = door("bench", "--cycles", "9", "--prefill", "300", "--repeats", "1")
    assert shown.code == 0
    assert "prefill 300 tokens: " in shown.out
    assert "needs 5,344, context in force 4,096; `speedking tune --num-ctx 6144`" in shown.out
    assert "The tuning guide's claims, on this machine:\n  not measured   10 agent cycles within 10 s" in shown.out
    assert "raw samples: " in shown.out
    assert "measuring prefill 300 tokens x 1: about " in shown.err


def test_a_server_that_fails_in_a_cycle_is_the_reason_of_its_row(door: Door, ollama: OllamaStandIn) -> None:
    ollama.models = {"qwen:1b": Model(capabilities=("completion", "tools"))}
    warm = Turn(lines=[{"content": "word "}] * 20)
    ollama.turns = [warm] * 4 + [Turn(status=500, error="out of memory")]
    document = door("bench", "--cycles", "2", "--prefill", "300", "--repeats", "1", "--json").document
    cycles = row(document, "cycles")
    assert cycles["status"] == "failed"
    assert "out of memory" in cycles["reason"]


def test_a_dead_server_that_was_asked_for_is_not_replaced(door: Door) -> None:
    measured = door("bench", "--engine", "ollama", "--json")
    assert (measured.code, measured.error["kind"]) == (1, "engine_unavailable")


def test_a_stretch_of_text_has_the_wanted_tokens_and_goes_round_at_the_end() -> None:
    text = "".join(f"word{number:03} " for number in range(200))
    stretch = cut(text, 50, lambda part: len(part.split()), skip=1_496)
    assert stretch.startswith("word187 ")
    assert "word199 word000 " in stretch
    assert len(stretch.split()) in (49, 50, 51)


def test_no_run_begins_with_the_prompt_of_another() -> None:
    heads, tools = set(), set()

    def policy_over(offered: Tools) -> Policy:
        tools.add(offered.specs[0].description)

        def policy(state: State) -> AIMessage:
            heads.add(state.messages[0].text)
            return AIMessage("")

        return policy

    course = Course("some words of a text " * 500, lambda text: len(text) // 4, 3)
    for _ in range(2):
        steps = course.cycles(policy_over, 3)
        assert [step.forced for step in steps] == [True] * 3
        assert len({step.observation for step in steps[:2]}) == 2
    assert len(heads) == len(tools) == 2
    assert all(1_000 < len(head) // 4 < 1_500 for head in heads)


def test_an_interrupted_run_is_no_measurement() -> None:
    def policy(state: State) -> AIMessage:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forced_cycles(policy, PreparedTools(("one", "two"), "nonce"), 2, "system")
