"""speedking config: what is set, where it comes from, and what only looks as if it were set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from speedking.commands.config import stray_variables
from speedking.config_file import ConfigFile
from tests.speedking.door import Door, Outcome


def settings(shown: Outcome) -> dict[str, dict[str, Any]]:
    return {setting["name"]: setting for setting in shown.document["settings"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "speedking" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('engine = "reader"\nmodel = "file:1b"\ntimeout_s = 60\napi_key = "topsecret"\n')
    return path


def test_each_value_says_where_it_comes_from(door: Door, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEEDKING_MODEL", "environment:1b")
    monkeypatch.setenv("OLLAMA_HOST", "box:1")
    shown = door("config", "--base-url", "http://flag:1", "--json")
    found = {name: (setting["value"], setting["source"]) for name, setting in settings(shown).items()}
    assert found["engine"] == ("reader", str(file))
    assert found["model"] == ("environment:1b", "SPEEDKING_MODEL")
    assert found["base_url"] == ("http://flag:1", "--base-url")
    assert found["timeout_s"] == ("60.0", str(file))
    assert found["encoder"] == (None, "default")
    assert found["ollama_host"] == ("box:1", "OLLAMA_HOST")
    assert (shown.document["config_file"], shown.document["config_file_exists"]) == (str(file), True)


def test_every_key_of_the_file_is_there(door: Door) -> None:
    shown = door("config", "--json")
    assert settings(shown).keys() == {*ConfigFile.model_fields, "ollama_host"}
    assert settings(shown)["engine"]["value"] == "auto"
    assert shown.document["config_file_exists"] is False
    assert "SPEEDKING_GGUF" in settings(shown)["gguf"]["set_by"]
    assert "--model" in settings(shown)["model"]["set_by"]


def test_a_person_sees_a_line_for_each(door: Door, file: Path) -> None:
    shown = door("config")
    assert shown.out.startswith(f"config file: {file}\n")
    lines = shown.out.splitlines()[2:]
    assert [line.split()[0] for line in lines] == [*ConfigFile.model_fields, "ollama_host"]
    assert lines[0].split()[1:] == ["reader", str(file)]
    file.unlink()
    assert "not there" in door("config").out


def test_a_secret_is_shown_nowhere(door: Door, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://me:hidden@box:1")
    for shown in (door("config"), door("config", "--json", "--base-url", "http://you:hidden@far:2")):
        assert "topsecret" not in shown.out + shown.err
        assert "hidden" not in shown.out + shown.err
        assert "api_key" in shown.out
    assert "@far:2" in shown.out


def test_a_variable_without_effect_is_pointed_out(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEEDKING_MODLE", "qwen:1b")
    assert "SPEEDKING_MODLE has no effect: did you mean SPEEDKING_MODEL?" in door("config").err
    assert door("config", "--json").document["unknown_variables"] == [
        {"name": "SPEEDKING_MODLE", "instead": "SPEEDKING_MODEL"}
    ]


def test_variables_of_the_tests_and_of_others_are_left_alone() -> None:
    environment = dict.fromkeys(
        ("SPEEDKING_TEST_GGUF", "SPEEDKING_SHARED", "SPEEDKING_MODEL", "SPEEDKINGDOM", "PATH"), "1"
    )
    assert stray_variables(environment) == ()
    (stray,) = stray_variables({"SPEEDKING_COLOUR": "blue"})
    assert stray.instead is None


def test_a_value_that_no_command_would_take_is_an_error_here_too(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEEDKING_ENGINE", "gpt")
    shown = door("config", "--json")
    assert (shown.code, shown.error["kind"]) == (2, "usage")
    assert "SPEEDKING_ENGINE" in shown.error["message"]
