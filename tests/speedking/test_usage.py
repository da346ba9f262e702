from __future__ import annotations

from pathlib import Path

import pytest

from speedking.settings import load_settings
from tests.speedking.door import Door, Library

WRONG = [
    (["ask"], "folder"),
    (["ask", "docs"], "question"),
    (["asks", "docs", "Why?"], "asks"),
    (["ask", "docs", "Why?", "--colour"], "--colour"),
    (["search", "docs", "Why?", "--k", "0"], "--k"),
    (["search", "docs", "Why?", "--k", "many"], "--k"),
    (["agent", "docs", "Why?", "--cycles", "0"], "--cycles"),
    (["agent", "docs", "Why?", "--wall", "0"], "0 seconds"),
    (["ask", "docs", "Why?", "--engine", "gpt"], "'gpt'"),
]


@pytest.mark.parametrize(("arguments", "named"), WRONG)
def test_a_command_that_is_not_understood(door: Door, arguments: list[str], named: str) -> None:
    plain, asked = door(*arguments), door(*arguments, "--json")
    assert plain.code == asked.code == 2
    assert (plain.out, asked.error["kind"]) == ("", "usage")
    assert named in asked.error["message"]
    assert asked.error["message"] in plain.err
    assert f"next: {asked.error['next_step']}" in plain.err


def test_no_command_at_all_shows_the_help(door: Door) -> None:
    shown = door()
    assert shown.code == 0
    assert all(name in shown.out for name in ("ask", "search", "index", "status", "tune", "agent", "bench", "eval"))


def test_an_unknown_engine_names_where_it_came_from(
    door: Door, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--engine" in door("ask", *library.indexed, "Why?", "--engine", "gpt", "--json").error["message"]
    monkeypatch.setenv("SPEEDKING_ENGINE", "gpt")
    error = door("ask", *library.indexed, "Why?", "--json").error
    assert "SPEEDKING_ENGINE" in error["message"]
    assert "reader" in error["next_step"]


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('engine = "reader"\nmodel = "file:1b"\nbase_url = "http://file:1"\n')
    environment = {"SPEEDKING_ENGINE": "gguf", "SPEEDKING_MODEL": "environment.gguf", "OLLAMA_HOST": "box:1"}
    settings = load_settings({"engine": "ollama"}, environment, file)
    assert (settings.engine.value, settings.engine.source) == ("ollama", "--engine")
    assert (settings.model.value, settings.model.source) == ("environment.gguf", "SPEEDKING_MODEL")
    assert (settings.base_url.value, settings.base_url.source) == ("http://file:1", str(file))
    assert (settings.gguf.value, settings.gguf.source) == (None, "default")
    assert (settings.ollama_host.value, settings.ollama_host.source) == ("box:1", "OLLAMA_HOST")


def test_without_anything_the_engine_is_chosen_by_what_answers(tmp_path: Path) -> None:
    settings = load_settings({}, {}, tmp_path / "none.toml")
    assert (settings.engine.value, settings.engine.source) == ("auto", "default")


def test_the_settings_file_lies_in_the_platform_s_folder(
    door: Door, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config" / "speedking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('engine = "reader"\n')
    asked = door("ask", *library.indexed, "When does the ferry to Ost leave?")
    assert asked.err.startswith(f"engine: reader: asked for by {file}")
    monkeypatch.setenv("SPEEDKING_ENGINE", "ollama")
    assert door("ask", *library.indexed, "Why?").code == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"engine = ", "end of document"),
        (b'engine = "gpt"', "engine: "),
        (b'modell = "qwen:1b"', "did you mean 'model'"),
        (b"model = 3", "model: "),
        (b"\xff", "utf-8"),
    ],
)
def test_a_broken_settings_file_is_named_with_what_is_wrong(
    door: Door, library: Library, tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "config" / "speedking" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    asked = door("ask", *library.indexed, "Why?", "--json")
    assert asked.code == 2
    assert str(file) in asked.error["message"]
    assert said in asked.error["message"]
    assert "\n" not in asked.error["message"]
    assert str(file) in asked.error["next_step"]


def test_nothing_is_read_from_the_asked_folder(door: Door, library: Library, tmp_path: Path) -> None:
    (tmp_path / "docs" / "speedking").mkdir(parents=True)
    for place in ("config.toml", "speedking/config.toml", ".env"):
        (tmp_path / "docs" / place).write_text('engine = "gpt"\nSPEEDKING_ENGINE=gpt\n')
    (tmp_path / "docs" / "boat.md").write_text("# Boat\n\nThe boat of the harbour master is called Gudrun.\n")
    assert door("ask", tmp_path / "docs", "What is the boat of the harbour master called?").code == 0


@pytest.mark.parametrize("question", ["", " ?", "\N{SLIGHTLY SMILING FACE}"])
@pytest.mark.parametrize("command", ["ask", "search", "agent"])
def test_an_empty_question_is_not_searched_for(door: Door, command: str, question: str, tmp_path: Path) -> None:
    shown = door(command, str(tmp_path), question, "--json")
    assert (shown.code, shown.error["kind"]) == (2, "usage")
