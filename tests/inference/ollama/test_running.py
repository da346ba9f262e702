from __future__ import annotations

import pytest

from inference.address import ollama_address
from inference.ollama.api import OllamaApi
from inference.ollama.running import full_name, running_entry
from inference.runner import read_command
from tests.inference.stand_in import Model, OllamaStandIn


@pytest.mark.parametrize(("name", "full"), [("m", "m:latest"), ("m:1b", "m:1b"), ("host:5000/m", "host:5000/m:latest")])
def test_a_name_without_a_tag_means_latest(name: str, full: str) -> None:
    assert full_name(name) == full


def test_a_runner_stands_there_under_the_name_that_was_loaded_first() -> None:
    models = {"base:1b": Model(weights="a" * 64), "tuned:latest": Model(weights="a" * 64)}
    with OllamaStandIn(models) as server, OllamaApi(ollama_address(server.url)) as api:
        assert running_entry(api, "tuned", "a" * 64) is None
        api.load("base:1b")
        entry = running_entry(api, "tuned", "a" * 64)
        assert entry is not None
        assert entry.name == "base:1b"
        assert running_entry(api, "tuned", "b" * 64) is None


@pytest.mark.parametrize(
    ("line", "tokens"), [("-c 16384 -np 1", 16_384), ("-c 16384 -np 4", 4_096), ("-c 16384", 16_384), ("-np 2", None)]
)
def test_slots_share_the_context(line: str, tokens: int | None) -> None:
    assert read_command(7, ["llama-server", *line.split()]).context_of_a_slot == tokens
