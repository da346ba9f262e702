from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inference.choice.catalog import models
from tests.inference.stand_in import Model, OllamaStandIn
from tests.speedking.door import Door, screen

QWEN = 23_869_191_742


def named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def write_run(tmp_path: Path, stamp: str, model: dict[str, Any], *rows: dict[str, Any]) -> Path:
    folder = tmp_path / "data" / "speedking" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, Any]] = [{"kind": "run", "schema_version": 1, "fingerprint": {"model": model}}]
    lines += [{"kind": "row", "data": row} for row in rows]
    path = folder / f"bench-{stamp}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


CYCLES = {"kind": "cycles", "status": "measured", "decode_tps": 41.5}
PREFILL = {"kind": "prefill", "status": "bounded", "decode_tps": 50.0, "prefill_tps": 900.0, "prompt_tokens": 10_000}


def test_without_a_server_the_table_is_shown_and_it_is_said(door: Door) -> None:
    shown = door("models", "--machine", "nvidia=24,ram=64")
    assert shown.code == 0
    assert "machine: described: NVIDIA card of 24 GiB" in shown.out
    assert "installed: not known: no Ollama answers" in shown.out
    assert "choice: qwen3:30b-a3b, on the card, num_ctx 16,384" in shown.out
    assert "next: ollama pull qwen3:30b-a3b" in shown.out
    document = door("models", "--machine", "nvidia=24,ram=64", "--json").document
    assert document["server"]["answers"] is False
    assert document["installed"] == []
    assert document["choice"]["name"] == "qwen3:30b-a3b"
    assert document["recommended"][0]["name"] == "qwen3:30b-a3b"
    assert len(document["recommended"]) == len(models())


def test_piped_it_is_a_line_for_each_model_with_bars_between(door: Door) -> None:
    lines = door("models", "--machine", "nvidia=24,ram=64").out.splitlines()
    cells = next(line for line in lines if line.startswith("gpt-oss:20b |")).split(" | ")
    assert cells[1:3] == ["13.8 GB", "on the card"]
    assert cells[-1] == "ollama pull gpt-oss:20b"


@pytest.mark.parametrize(("columns", "told"), [("160", "ollama pull gpt-oss:20b"), ("80", "`ollama pull MODEL`")])
def test_on_a_terminal_it_is_a_table_that_fits(
    door: Door, monkeypatch: pytest.MonkeyPatch, columns: str, told: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with screen() as sent:
        door("models", "--machine", "nvidia=24,ram=64")
    (text,) = sent
    assert "qwen2.5-coder:1.5b" in text
    assert "gpt-oss:20b |" not in text
    assert told in text


def test_the_purpose_decides_the_context(door: Door) -> None:
    document = door("models", "--machine", "nvidia=24,ram=64", "--purpose", "coding", "--json").document
    assert (document["purpose"], document["context_tokens"]) == ("coding", 32_768)
    assert document["choice"]["num_ctx"] == 32_768


@pytest.mark.parametrize(
    ("option", "value", "said"), [("--machine", "voodoo=4", "voodoo=4"), ("--purpose", "poetry", "poetry")]
)
def test_what_cannot_be_read_is_a_mistake_of_usage(door: Door, option: str, value: str, said: str) -> None:
    shown = door("models", option, value, "--json")
    assert (shown.code, shown.error["kind"]) == (2, "usage")
    assert said in shown.error["message"]


def test_installed_models_say_whether_they_fit(door: Door, ollama: OllamaStandIn) -> None:
    ollama.models = {
        "qwen:1b": Model(size=1_000_000_000),
        "qwen3.5:35b": Model(family="qwen35moe", size=QWEN),
        "speedking-qwen3.5-35b:latest": Model(family="qwen35moe", size=QWEN + 90),
        "nomic:latest": Model(capabilities=("embedding",)),
        "far:cloud": Model(remote_host="https://far.example:443"),
    }
    document = door("models", "--machine", "nvidia=24,ram=64", "--json").document
    assert document["server"]["answers"] is True
    installed = document["installed"]
    small = named(installed, "qwen:1b")
    # 8 layers x 2 KV heads x (64 + 64) x 2 bytes x 16,384 tokens = 64 MiB
    assert small["fits"] == "on the card"
    assert small["needs_bytes"] - 1_000_000_000 - 1.5 * (1 << 30) > 64 << 20
    assert named(installed, "qwen3.5:35b")["fits"] == "experts in main memory"
    assert named(installed, "speedking-qwen3.5-35b:latest")["fits"] == "experts in main memory"
    assert named(installed, "nomic:latest")["note"] == "writes no text"
    assert "far.example" in named(installed, "far:cloud")["note"]
    assert named(document["recommended"], "qwen3.5:35b")["installed"] is True
    assert {asked.path for asked in ollama.asked} == {"/api/version", "/api/tags", "/api/show"}


def test_an_installed_choice_is_tuned_next(door: Door, ollama: OllamaStandIn) -> None:
    ollama.models = {"qwen3:30b-a3b": Model(family="qwen3moe", size=18_556_699_314)}
    shown = door("models", "--machine", "nvidia=24,ram=64")
    assert "next: speedking tune --model qwen3:30b-a3b" in shown.out
    assert "installed at http://127.0.0.1" in shown.out


def test_a_server_without_models_says_so(door: Door, ollama: OllamaStandIn) -> None:
    ollama.models = {}
    assert ": nothing\n" in door("models", "--machine", "ram=16").out


def test_a_server_elsewhere_runs_on_hardware_that_is_not_known(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    # Addresses of 192.0.2.0/24 are for documents: nothing answers there, and no name is looked up.
    monkeypatch.setenv("SPEEDKING_TIMEOUT_S", "0.2")
    document = door("models", "--base-url", "http://192.0.2.1:9", "--json").document
    assert document["machine"]["source"] == "unknown"
    assert document["choice"] is None
    assert {entry["fits"] for entry in document["recommended"]} == {"not known"}


def test_what_bench_measured_stands_beside_the_model(door: Door, tmp_path: Path, ollama: OllamaStandIn) -> None:
    ollama.models = {"qwen:1b": Model()}
    write_run(tmp_path, "20260101-000000", {"name": "qwen:1b"}, {**CYCLES, "decode_tps": 1.0})
    write_run(tmp_path, "20260301-000000", {"name": "qwen:1b"}, PREFILL, CYCLES)
    write_run(tmp_path, "20260302-000000", {"name": "qwen:1b", "runs_here": False}, {**CYCLES, "decode_tps": 2.0})
    write_run(tmp_path, "20260303-000000", {"name": "speedking-qwen3.5-2b:latest"}, {**CYCLES, "decode_tps": 9.0})
    write_run(tmp_path, "20260304-000000", {"name": "qwen3.5:2b"}, {**CYCLES, "status": "failed", "decode_tps": 3.0})
    (tmp_path / "data" / "speedking" / "runs" / "bench-20270101-000000.jsonl").write_text("no record\nat all\n")
    document = door("models", "--json").document
    measured = named(document["installed"], "qwen:1b")
    assert (measured["measured_decode_tps"], measured["measured_prefill_tps"]) == (41.5, 900.0)
    assert named(document["recommended"], "qwen3.5:2b")["measured_decode_tps"] == 9.0
    assert named(document["recommended"], "gpt-oss:20b")["measured_decode_tps"] is None


def test_what_was_measured_here_says_nothing_of_a_described_machine(door: Door, tmp_path: Path) -> None:
    write_run(tmp_path, "20260301-000000", {"name": "qwen3.5:2b"}, CYCLES)
    document = door("models", "--machine", "ram=16", "--json").document
    assert named(document["recommended"], "qwen3.5:2b")["measured_decode_tps"] is None
