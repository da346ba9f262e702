from __future__ import annotations

from pathlib import Path

import pytest

from tests.gguf_models import write_tiny_model
from tests.inference.stand_in import Model, OllamaStandIn
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


@pytest.mark.parametrize(
    ("machine", "model", "place"),
    [
        ("nvidia=12,ram=32", "qwen3.5:9b", "on the card"),
        ("nvidia=16,ram=32", "gpt-oss:20b", "on the card"),
        ("nvidia=24,ram=64", "qwen3:30b-a3b", "on the card"),
        ("nvidia=32,ram=64", "qwen3.5:35b", "on the card"),
        ("apple=36", "qwen3.5:35b", "on the card"),
        ("ram=16", "qwen3.5:2b", "in main memory"),
    ],
)
def test_a_described_machine_gets_a_choice_with_its_arithmetic(
    door: Door, ollama: OllamaStandIn, machine: str, model: str, place: str
) -> None:
    shown = door("tune", "--machine", machine)
    assert shown.code == 0
    assert f"from {model}: " in shown.out
    assert f"runs {place}:" in shown.out
    for part in ("weights (the file)", "KV cache", "compute buffers", "together", "of  "):
        assert part in shown.out
    assert f"speedking tune --model {model} --pull" in shown.err
    assert ollama.asked == []
    document = door("tune", "--machine", machine, "--json").document
    assert (document["base"], document["fit"]["fits"], document["created"]) == (model, place, False)


def test_a_machine_that_is_described_wrongly_is_a_usage_error(door: Door) -> None:
    assert door("tune", "--machine", "rtx4090", "--json").code == 2


def test_a_model_that_is_not_installed_is_pulled_where_that_is_asked_for(door: Door, ollama: OllamaStandIn) -> None:
    ollama.pullable = {"own:1b": 1_000}
    shown = door("tune", "--model", "own:1b", "--pull")
    assert shown.code == 0
    assert "speedking-own-1b:latest" in ollama.models
    assert "pulling own:1b" in shown.err


def test_a_better_suited_model_is_named_and_not_pulled_by_itself(door: Door, ollama: OllamaStandIn) -> None:
    shown = door("tune", "--dry-run")
    assert "better for this machine: " in shown.out
    assert not any(asked.path == "/api/pull" for asked in ollama.asked)


def test_a_purpose_and_threads_go_into_the_model_and_into_the_next_command(door: Door, ollama: OllamaStandIn) -> None:
    asked = ("tune", "--model", "qwen:1b", "--purpose", "creative", "--num-thread", "1")
    shown = door(*asked, "--dry-run", "--json").document
    assert shown["next_step"] == "speedking tune --model qwen:1b --num-thread 1 --purpose creative"
    values = {option["name"]: option["value"] for option in shown["options"]}
    assert (values["num_thread"], values["temperature"], values["num_ctx"]) == (1, 0.8, 8_192)
    assert door("tune", "--purpose", "poetry", "--json").code == 2
    door(*asked)
    assert ollama.models["speedking-qwen-1b:latest"].parameters["num_thread"] == 1


def test_more_threads_than_cores_are_a_usage_error(door: Door, ollama: OllamaStandIn) -> None:
    shown = door("tune", "--model", "qwen:1b", "--num-thread", "4096", "--json")
    assert (shown.code, "4096" in shown.error["message"]) == (2, True)


def test_a_context_that_memory_does_not_hold_is_refused_before_anything_is_created(
    door: Door, ollama: OllamaStandIn
) -> None:
    ollama.models["large:70b"] = Model(size=1 << 50, trained=131_072)
    shown = door("tune", "--model", "large:70b", "--json")
    assert (shown.code, shown.error["kind"]) == (1, "model_unsuitable")
    assert "GiB" in shown.error["message"]
    assert "speedking-large-70b:latest" not in ollama.models
    assert door("tune", "--model", "large:70b", "--dry-run", "--json").code == 0


def test_an_earlier_model_of_that_name_is_said_to_be_replaced(door: Door, ollama: OllamaStandIn) -> None:
    assert "in the place of an earlier one" not in door("tune", "--model", "qwen:1b").out
    again = door("tune", "--model", "qwen:1b")
    assert "in the place of an earlier one" in again.out
    assert "`ollama rm speedking-qwen-1b` removes it" in again.out
