"""Which encoder and reranker the settings give."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.errors import EncoderError, ModelMissingError, UsageError
from rag.encoder import SentenceEncoder
from speedking.encoders import encoder_for, reranker_for
from speedking.settings import load_settings
from tests.inference.stand_in import Model, OllamaStandIn
from tests.model_folders import save_cross_encoder, save_encoder
from tests.rag.small import TEA, fill
from tests.speedking.door import Door


def test_without_a_setting_it_is_the_packaged_one(encoder: SentenceEncoder) -> None:
    assert encoder_for(load_settings({})).digest == encoder.digest


def test_a_flag_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = fill(tmp_path, {"config.toml": 'encoder = "from-file"\nreranker = "rerank-file"\n'}) / "config.toml"
    environment = {"SPEEDKING_ENCODER": "from-environment"}
    everything = load_settings({"encoder": "from-flag"}, environment, file)
    assert (everything.encoder.value, everything.encoder.source) == ("from-flag", "--encoder")
    assert load_settings({}, environment, file).encoder.source == "SPEEDKING_ENCODER"
    assert (load_settings({}, {}, file).encoder.value, everything.reranker.source) == ("from-file", str(file))


def test_a_folder_is_a_model_of_sentence_transformers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEEDKING_ENCODER", str(save_encoder(tmp_path / "mine")))
    assert encoder_for(load_settings({})).name == "mine"


@pytest.mark.parametrize("by", ["environment", "file"])
def test_a_command_takes_the_encoder_that_is_configured(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    folder = save_encoder(tmp_path / "mine")
    if by == "environment":
        monkeypatch.setenv("SPEEDKING_ENCODER", str(folder))
    else:
        fill(tmp_path / "config" / "speedking", {"config.toml": f'encoder = "{folder}"\n'})
    assert door("index", fill(tmp_path / "docs", {"tea.md": TEA})).code == 0
    assert door("status", tmp_path / "docs", "--json").document["encoder"] == "mine"


def test_a_model_on_ollama_is_embedded_there_with_its_published_prompts(ollama: OllamaStandIn) -> None:
    ollama.models = {"nomic-embed-text:latest": Model(capabilities=("embedding",))}
    encoder = encoder_for(load_settings({"encoder": "ollama:nomic-embed-text"}))
    encoder.query("tea")
    assert encoder.name == "ollama:nomic-embed-text:latest"
    assert ollama.asked[-1].body["input"] == ["search_query: tea"]


def test_a_model_that_ollama_lacks_is_not_pulled(ollama: OllamaStandIn) -> None:
    with pytest.raises(ModelMissingError) as caught:
        encoder_for(load_settings({"encoder": "ollama:nomic-embed-text"}))
    assert "ollama pull nomic-embed-text" in caught.value.next_step


def test_ollama_without_a_model_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--encoder"):
        encoder_for(load_settings({"encoder": "ollama:"}))


def test_a_name_that_is_no_model_is_named_with_what_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEEDKING_ENCODER", "nosuch")
    with pytest.raises(EncoderError, match="SPEEDKING_ENCODER: the embedding model 'nosuch' is not") as caught:
        encoder_for(load_settings({}))
    assert "a folder that holds a sentence-transformers model, or ollama:NAME" in caught.value.next_step
    assert "mean" not in caught.value.next_step


def test_a_near_name_is_offered() -> None:
    with pytest.raises(EncoderError) as caught:
        encoder_for(load_settings({"encoder": "all-minilm-l6-v3"}))
    assert "did you mean all-MiniLM-L6-v2?" in caught.value.next_step


def test_without_a_setting_nothing_is_reranked_and_nothing_said() -> None:
    said: list[str] = []
    assert reranker_for(load_settings({}), said.append) is None
    assert said == []


def test_a_configured_reranker_is_loaded(tmp_path: Path) -> None:
    said: list[str] = []
    reranker = reranker_for(load_settings({"reranker": str(save_cross_encoder(tmp_path / "cross"))}), said.append)
    assert reranker is not None
    assert len(reranker.scores("tea", ["green tea", "a kettle"])) == 2
    assert said == []


def test_a_reranker_that_is_not_there_is_said_once_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEEDKING_RERANKER", "nobody/none")
    said: list[str] = []
    for _ in range(2):
        assert reranker_for(load_settings({}), said.append) is None
    assert len(said) == 1
    assert "SPEEDKING_RERANKER" in said[0]
    assert "hf download nobody/none" in said[0]
