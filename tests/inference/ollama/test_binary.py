from __future__ import annotations

from pathlib import Path

import pytest

from inference.address import ollama_address
from inference.errors import EngineUnavailableError
from inference.ollama.binary import ServerProcess, default_store, find_binary, server_process, store_at, store_of


def test_a_running_server_s_own_program_comes_first(tmp_path: Path) -> None:
    program = tmp_path / "ollama"
    program.touch(mode=0o755)
    assert find_binary(ServerProcess(1, program, None)) == program


def test_a_program_where_installers_put_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    program = tmp_path / "ollama"
    program.touch(mode=0o755)
    assert find_binary(places=[str(tmp_path / "elsewhere"), str(program)]) == program


def test_no_program_says_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailableError, match="not installed") as caught:
        find_binary(places=[])
    assert "--engine reader" in caught.value.next_step


@pytest.mark.parametrize(
    ("line", "store"),
    [
        (f"# made\nFROM /usr/share/ollama/models/blobs/sha256-{'a' * 64}\n", "/usr/share/ollama/models"),
        (f"FROM /home/a b/models/blobs/sha256-{'a' * 64}\n", "/home/a b/models"),
        ("FROM qwen3.5:2b\n", None),
    ],
)
def test_the_store_is_where_the_weights_lie(line: str, store: str | None) -> None:
    assert store_of(line) == (None if store is None else Path(store))


def test_a_store_is_the_named_one_or_in_the_server_s_own_home(tmp_path: Path) -> None:
    (tmp_path / ".ollama" / "models").mkdir(parents=True)
    assert default_store({"OLLAMA_MODELS": str(tmp_path)}) == tmp_path
    assert default_store({"OLLAMA_MODELS": str(tmp_path / "gone")}) is None
    assert default_store({"HOME": str(tmp_path)}) == tmp_path / ".ollama" / "models"


def test_the_store_of_a_server_elsewhere_is_not_known() -> None:
    assert store_at(ollama_address("far")) is None


def test_a_server_elsewhere_has_no_process_here() -> None:
    assert server_process(ollama_address("far")) is None


def test_a_variable_is_known_set_or_not_or_not_known_at_all() -> None:
    seen = ServerProcess(1, None, {"OLLAMA_NO_CLOUD": "1"})
    assert (seen.variable("OLLAMA_NO_CLOUD"), seen.variable("OLLAMA_KEEP_ALIVE")) == ("1", "")
    assert ServerProcess(1, None, None).variable("OLLAMA_NO_CLOUD") is None
