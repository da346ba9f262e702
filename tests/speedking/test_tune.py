from __future__ import annotations

from pathlib import Path

from tests.gguf_models import write_tiny_model
from tests.inference.stand_in import OllamaStandIn
from tests.speedking.door import Door


def test_without_a_server_the_modelfile_is_printed_with_the_next_command(door: Door) -> None:
    shown = door("tune", "--model", "qwen3.5:2b")
    assert shown.code == 1
    assert "    FROM qwen3.5:2b\n" in shown.out
    assert "    PARAMETER num_ctx 16384\n" in shown.out
    assert "nothing was created" in shown.err
    assert "ollama pull qwen3.5:2b" in shown.err
    document = door("tune", "--model", "qwen3.5:2b", "--json").document
    assert (document["created"], document["error"]["kind"]) == (False, "engine_unavailable")
    assert document["modelfile"].startswith("FROM qwen3.5:2b\n")
    assert all(option["reason"] for option in document["options"])
    assert "ollama serve" in document["next_step"]


def test_without_a_server_a_file_needs_no_pull(door: Door, tmp_path: Path) -> None:
    file = write_tiny_model(tmp_path / "tiny.gguf")
    document = door("tune", "--model", file, "--json").document
    assert document["modelfile"].startswith(f"FROM {file}\n")
    assert "pull" not in document["next_step"]


def test_without_a_server_a_base_has_to_be_named(door: Door) -> None:
    shown = door("tune", "--json")
    assert (shown.code, shown.error["kind"]) == (1, "engine_unavailable")


def test_a_dry_run_creates_nothing_and_names_the_command_that_would(door: Door, ollama: OllamaStandIn) -> None:
    shown = door("tune", "--model", "qwen:1b", "--num-ctx", "8192", "--dry-run", "--json")
    assert (shown.code, shown.document["created"]) == (0, False)
    assert shown.document["next_step"] == "speedking tune --model qwen:1b --num-ctx 8192"
    assert list(ollama.models) == ["qwen:1b"]


def test_a_tuned_model_is_created_read_back_and_then_used(door: Door, ollama: OllamaStandIn) -> None:
    shown = door("tune", "--model", "qwen:1b", "--json")
    assert shown.code == 0
    document = shown.document
    assert (document["tag"], document["created"], document["all_in_force"]) == ("speedking-qwen-1b", True, True)
    assert document["context_tokens"] == 16_384
    assert {option["status"] for option in document["in_force"]} == {"in force"}
    assert "speedking-qwen-1b:latest" in ollama.models
    assert not any(asked.path == "/api/pull" for asked in ollama.asked)


def test_an_option_that_is_not_in_force_has_an_exit_code_of_its_own(door: Door, ollama: OllamaStandIn) -> None:
    ollama.forced_context = 4096
    shown = door("tune", "--model", "qwen:1b")
    assert shown.code == 5
    assert "num_ctx           asked 16384, differs: 4096 (loaded model)" in shown.out
    assert door("tune", "--model", "qwen:1b", "--json").document["all_in_force"] is False


def test_a_base_that_is_not_installed_is_not_pulled(door: Door, ollama: OllamaStandIn) -> None:
    shown = door("tune", "--model", "llama:70b", "--json")
    assert (shown.code, shown.error["kind"]) == (1, "model_missing")
    assert not any(asked.path == "/api/pull" for asked in ollama.asked)


def test_a_context_that_cannot_be_is_a_usage_error(door: Door, ollama: OllamaStandIn) -> None:
    shown = door("tune", "--model", "qwen:1b", "--num-ctx", "40000", "--json")
    assert shown.code == 2
    assert "40,000" in shown.error["message"]
