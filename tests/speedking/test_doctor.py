from __future__ import annotations

from pathlib import Path

from tests.inference.modelfiles import GUIDE
from tests.inference.openai_stand_in import VllmStandIn
from tests.inference.stand_in import Model, OllamaStandIn
from tests.speedking.door import Door


def test_without_a_server_the_doctor_says_what_to_start_and_that_a_reader_is_left(door: Door) -> None:
    shown = door("doctor", "--json")
    assert shown.code == 5
    (finding,) = shown.document["findings"]
    assert (finding["check"], finding["severity"]) == ("server", "fault")
    assert finding["mend"]


def test_a_model_in_use_is_examined_with_evidence_and_what_mends_it(door: Door, ollama: OllamaStandIn) -> None:
    ollama.models["qwen:1b"] = Model(parameters={"num_ctx": 4096, "presence_penalty": 1.5})
    shown = door("doctor", "--quick")
    assert shown.code == 5
    assert "✗ context: " in shown.out
    assert "    the context in force is 4,096 tokens" in shown.out
    assert "    do: speedking tune --model qwen:1b --num-ctx 16384" in shown.out
    assert "! penalties: presence_penalty 1.5" in shown.out
    assert "1 fault, " in shown.out
    assert "(--quick)" in shown.out
    document = door("doctor", "--quick", "--json").document
    assert document["faults"] == 1
    assert {finding["severity"] for finding in document["findings"]} <= {"fault", "advice", "fine", "not known"}


def test_a_model_without_faults_ends_with_zero(door: Door, ollama: OllamaStandIn) -> None:
    assert door("tune", "--model", "qwen:1b", "--json").code == 0
    shown = door("doctor", "--quick")
    assert shown.code == 0
    assert "✓ reloads: a second request loads nothing" in shown.out


def test_measured_checks_come_last(door: Door, ollama: OllamaStandIn) -> None:
    door("tune", "--model", "qwen:1b", "--json")
    ollama.cached_counts = True
    checks = [finding["check"] for finding in door("doctor", "--json").document["findings"]]
    assert checks[-3:] == ["tool calls", "throttling", "busy cores"]


def test_the_guide_s_own_modelfile_has_each_of_its_faults_found(door: Door, tmp_path: Path) -> None:
    file = tmp_path / "Modelfile"
    file.write_text(GUIDE)
    shown = door("doctor", "--modelfile", file)
    assert shown.code == 5
    for line in ("qwen:3.5-2b-q4_K_M", "flash_attn", "num_keep 32768", "num_gpu 99", "num_batch 512"):
        assert line in shown.out
    findings = door("doctor", "--modelfile", file, "--json").document["findings"]
    assert all(finding["evidence"] for finding in findings)


def test_a_modelfile_that_is_not_there_is_a_usage_error(door: Door, tmp_path: Path) -> None:
    assert door("doctor", "--modelfile", tmp_path / "nothing", "--json").code == 2


def test_a_reader_has_nothing_to_examine(door: Door) -> None:
    shown = door("doctor", "--engine", "reader")
    assert (shown.code, "nothing to examine" in shown.out) == (0, True)


def test_an_address_that_is_typed_is_the_one_that_is_examined(door: Door, ollama: OllamaStandIn) -> None:
    """Not the Ollama at OLLAMA_HOST: another Ollama, or a server of another kind."""
    other = {"other:1b": Model(parameters={"num_ctx": 16_384})}
    with OllamaStandIn(other) as there:
        assert "other:1b on Ollama at" in door("doctor", "--quick", "--base-url", there.url).err
    with VllmStandIn() as there:
        assert f"on vLLM at {there.url}" in door("doctor", "--quick", "--base-url", there.url).err
    assert not any(asked.path == "/api/show" for asked in ollama.asked)
