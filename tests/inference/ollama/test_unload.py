from __future__ import annotations

import pytest

from inference.address import ollama_address
from inference.errors import GenerationError
from inference.ollama.api import OllamaApi
from inference.ollama.unload import unload, unload_all
from tests.inference.stand_in import Model, OllamaStandIn


def test_a_model_is_waited_for_until_it_is_gone() -> None:
    waited: list[float] = []
    with OllamaStandIn() as server, OllamaApi(ollama_address(server.url)) as api:
        api.load("qwen:1b")
        server.lingers = 3
        unload(api, "qwen:1b", wait=waited.append)
        assert api.running() == ()
    assert len(waited) == 3


def test_a_model_that_stays_is_told_with_its_name() -> None:
    with OllamaStandIn() as server, OllamaApi(ollama_address(server.url)) as api:
        api.load("qwen:1b")
        server.lingers = 1_000_000
        with pytest.raises(GenerationError, match="'qwen:1b' is still loaded") as caught:
            unload(api, "qwen:1b", within_s=0.2)
    assert "ollama stop qwen:1b" in caught.value.next_step


def test_all_models_are_unloaded() -> None:
    models = {"a:1b": Model(weights="a" * 64), "b:1b": Model(weights="b" * 64)}
    with OllamaStandIn(models) as server, OllamaApi(ollama_address(server.url)) as api:
        for name in models:
            api.load(name)
        assert sorted(unload_all(api)) == ["a:1b", "b:1b"]
        assert api.running() == ()


def test_with_nothing_loaded_nothing_is_asked_for() -> None:
    with OllamaStandIn() as server, OllamaApi(ollama_address(server.url)) as api:
        assert unload_all(api) == []
        assert [asked.path for asked in server.asked] == ["/api/ps"]


def test_a_model_that_was_deleted_while_it_was_loaded_is_passed_over() -> None:
    models = {"a:1b": Model(weights="a" * 64), "b:1b": Model(weights="b" * 64)}
    with OllamaStandIn(models) as server, OllamaApi(ollama_address(server.url)) as api:
        for name in list(models):
            api.load(name)
        api.delete("a:1b")
        assert unload_all(api) == ["b:1b"]
        assert [entry.name for entry in api.running()] == ["a:1b"]
