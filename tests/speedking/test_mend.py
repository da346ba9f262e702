"""speedking tune --from Modelfile: every line with its verdict, and the model that is made of what is left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gguf_models import write_tiny_model
from tests.inference.modelfiles import GUIDE
from tests.inference.stand_in import Model, OllamaStandIn
from tests.speedking.door import Door, screen


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    file = tmp_path / "Modelfile"
    file.write_text(GUIDE)
    return file


def write(folder: Path, text: str) -> Path:
    file = folder / "Modelfile"
    file.write_text(text)
    return file


def created(ollama: OllamaStandIn) -> list[dict[str, object]]:
    return [asked.body for asked in ollama.asked if asked.path == "/api/create"]


def test_every_line_is_shown_with_what_becomes_of_it_and_why(door: Door, guide: Path, ollama: OllamaStandIn) -> None:
    shown = door("tune", "--from", guide, "--dry-run")
    assert shown.code == 0
    blocks = shown.out.partition("\nmended:\n")[0].split("\nline ")[1:]
    verdicts = {block.partition("  ")[0]: re.findall(r"^    (\w+)", block, re.MULTILINE) for block in blocks}
    assert list(verdicts) == ["2", "5", "6", "7", "8", "9", "12", "13", "15"]
    assert verdicts["2"] == ["changed", "added", "added", "added", "kept"]
    assert verdicts["8"] == ["removed"]
    assert verdicts["12"] == ["kept"]
    assert "OLLAMA_FLASH_ATTENTION" in blocks[4]
    assert "seen: " in blocks[4]
    assert "    FROM qwen3.5:2b\n" in shown.out
    assert "    # removed: PARAMETER num_gpu 99\n" in shown.out
    assert "nothing was created" in shown.err
    assert created(ollama) == []


def test_a_dry_run_names_the_command_that_makes_the_model(door: Door, guide: Path, ollama: OllamaStandIn) -> None:
    assert "ollama pull qwen3.5:2b" in door("tune", "--from", guide, "--dry-run", "--json").document["next_step"]
    ollama.models["qwen3.5:2b"] = Model()
    document = door("tune", "--from", guide, "--dry-run", "--json").document
    assert (document["created"], document["next_step"]) == (False, f"speedking tune --from {guide}")
    first = document["findings"][0]
    assert first.keys() == {"line", "text", "severity", "verdict", "evidence", "reason", "mended", "added"}
    assert (first["line"], first["severity"], first["mended"]) == (2, "refused", "FROM qwen3.5:2b")
    assert "PARAMETER num_keep 32768" not in document["modelfile"].replace("# removed: PARAMETER num_keep 32768", "")
    assert "error" not in document


def test_the_mended_file_becomes_the_tuned_model_with_its_own_words(
    door: Door, guide: Path, ollama: OllamaStandIn
) -> None:
    ollama.models["qwen3.5:2b"] = Model(
        family="qwen35", trained=262_144, parameters={"presence_penalty": 1.5, "top_k": 20, "min_p": 0.1}
    )
    shown = door("tune", "--from", guide, "--json")
    document = shown.document
    assert shown.code == 0
    assert (document["tag"], document["created"], document["all_in_force"]) == ("speedking-qwen3.5-2b", True, True)
    assert ollama.models["speedking-qwen3.5-2b:latest"].parameters == {
        "num_ctx": 32_768,
        "num_predict": 2_048,
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 20,
        "min_p": 0.1,
        "presence_penalty": 0.0,
    }
    assert created(ollama)[-1]["system"] == "You help with documents.\nBe brief."
    assert {option["name"] for option in document["in_force"]} >= {"num_ctx", "presence_penalty"}
    assert not any(asked.path == "/api/pull" for asked in ollama.asked)


def test_what_the_server_tells_of_the_base_is_used(door: Door, tmp_path: Path, ollama: OllamaStandIn) -> None:
    ollama.models["own:1b"] = Model(trained=8_192, parameters={"num_predict": 512, "repeat_penalty": 1.2})
    file = write(tmp_path, "FROM own:1b\nPARAMETER num_ctx 32768\n")
    findings = door("tune", "--from", file, "--dry-run", "--json").document["findings"]
    assert [(f["severity"], f["added"], f["mended"]) for f in findings] == [
        ("inherited", ["PARAMETER repeat_penalty 1"], "FROM own:1b"),
        ("no effect", [], "PARAMETER num_ctx 8192"),
    ]


def test_stops_and_a_template_go_along(door: Door, tmp_path: Path, ollama: OllamaStandIn) -> None:
    text = "FROM qwen:1b\nPARAMETER num_ctx 16384\nPARAMETER num_predict 9\nPARAMETER stop a\nPARAMETER stop b\n"
    file = write(tmp_path, f"{text}TEMPLATE <u>{{{{ .Prompt }}}}\n")
    shown = door("tune", "--from", file)
    assert shown.code == 0
    made = ollama.models["speedking-qwen-1b:latest"]
    assert (made.parameters["stop"], made.parameters["num_ctx"]) == (["a", "b"], 16_384)
    assert created(ollama)[-1]["template"] == "<u>{{ .Prompt }}"
    assert "with its own template, stop" in shown.out


def test_a_base_that_is_not_installed_names_the_pull_and_still_mends(
    door: Door, guide: Path, ollama: OllamaStandIn
) -> None:
    shown = door("tune", "--from", guide, "--json")
    assert shown.code == 1
    assert shown.document["created"] is False
    assert shown.document["error"]["kind"] == "model_missing"
    assert "ollama pull qwen3.5:2b" in shown.document["error"]["next_step"]
    assert "FROM qwen3.5:2b\n" in shown.document["modelfile"]
    assert not any(asked.path == "/api/pull" for asked in ollama.asked)


@pytest.mark.parametrize(("typed", "code", "pulls"), [("y\n", 0, 1), ("\n", 1, 0)])
def test_a_person_is_offered_the_download(
    guide: Path, ollama: OllamaStandIn, typed: str, code: int, pulls: int
) -> None:
    from speedking.__main__ import run

    ollama.pullable["qwen3.5:2b"] = 1_000
    with screen(typed) as sent:
        assert run(["tune", "--from", str(guide)]) == code
    assert "qwen3.5:2b is not installed (2.7 GB): download it?" in sent[0]
    assert len([asked for asked in ollama.asked if asked.path == "/api/pull"]) == pulls


def test_without_a_server_the_mended_file_is_shown_all_the_same(door: Door, guide: Path) -> None:
    shown = door("tune", "--from", guide)
    assert shown.code == 1
    assert "    FROM qwen3.5:2b\n" in shown.out
    assert "no Ollama answers" in shown.err
    assert "ollama serve" in shown.err
    assert door("tune", "--from", guide, "--dry-run").code == 0


def test_a_file_of_weights_beside_the_modelfile_is_the_base(door: Door, tmp_path: Path, ollama: OllamaStandIn) -> None:
    write_tiny_model(tmp_path / "tiny.gguf", context=2048)
    file = write(tmp_path, "FROM ./tiny.gguf\nPARAMETER num_ctx 4096\nPARAMETER num_predict 64\n")
    shown = door("tune", "--from", file, "--json")
    assert (shown.document["base"], shown.document["tag"]) == (str(tmp_path / "tiny.gguf"), "speedking-tiny")
    assert shown.document["findings"][0]["mended"] == "PARAMETER num_ctx 2048"
    assert len(ollama.blobs) == 1


@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        ("PARAMETER num_ctx 4096\n", "names no model", 2),
        ("FROM qwen:1b\nADAPTER ./lora.gguf\n", "ADAPTER", 2),
        ("FROM speedking-qwen-1b\n", "tuned model already", 2),
        ("FROM ./none.gguf\n", "none.gguf", 1),
        ("FROM far:cloud\n", "ollama.com", 1),
        ("FROM embed:1b\n", "does not write text", 1),
    ],
)
def test_what_cannot_be_made_says_why_and_is_mended_all_the_same(
    door: Door, tmp_path: Path, ollama: OllamaStandIn, text: str, said: str, code: int
) -> None:
    ollama.models["far:cloud"] = Model(remote_host="https://ollama.com")
    ollama.models["embed:1b"] = Model(capabilities=("embedding",))
    ollama.models["speedking-qwen-1b:latest"] = Model()
    shown = door("tune", "--from", write(tmp_path, text), "--json")
    assert shown.code == code
    assert said in shown.document["error"]["message"]
    assert shown.document["modelfile"]
    assert created(ollama) == []


@pytest.mark.parametrize(("option", "value"), [("--model", "qwen:1b"), ("--num-ctx", "4096")])
def test_what_stands_in_the_file_is_not_given_beside_it(door: Door, guide: Path, option: str, value: str) -> None:
    shown = door("tune", "--from", guide, option, value, "--json")
    assert (shown.code, shown.error["kind"]) == (2, "usage")
    assert value in shown.error["next_step"]


def test_a_file_that_is_not_there_is_a_usage_error(door: Door, tmp_path: Path) -> None:
    shown = door("tune", "--from", tmp_path / "none", "--json")
    assert (shown.code, shown.error["kind"]) == (2, "usage")


def test_an_option_that_is_not_in_force_has_an_exit_code_of_its_own(
    door: Door, guide: Path, ollama: OllamaStandIn
) -> None:
    ollama.models["qwen3.5:2b"] = Model(trained=262_144)
    ollama.forced_context = 4096
    assert door("tune", "--from", guide).code == 5


def test_nothing_of_a_file_steers_the_terminal(door: Door, tmp_path: Path) -> None:
    file = write(tmp_path, "FROM own:1b\nSYSTEM \x1b[2Jhello\nPARAMETER \x1b]0;x num_ctx\n")
    shown = door("tune", "--from", file, "--dry-run")
    assert "\x1b" not in shown.out + shown.err


def test_a_mended_file_that_memory_does_not_hold_makes_no_model(
    door: Door, tmp_path: Path, ollama: OllamaStandIn
) -> None:
    ollama.models["large:70b"] = Model(size=1 << 50, trained=131_072)
    file = write(tmp_path, "FROM large:70b\nPARAMETER num_ctx 16384\n")
    shown = door("tune", "--from", file, "--json")
    assert (shown.code, shown.document["error"]["kind"]) == (1, "model_unsuitable")
    assert "speedking-large-70b:latest" not in ollama.models
