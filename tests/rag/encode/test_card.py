from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from inference.errors import EncoderError
from rag.encode.card import PACKAGED, check_weights, packaged_card, packaged_folder, read_card
from rag.encode.prompts import Prompts
from tests.model_folders import change, save_encoder
from tests.rag.small import fill


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prompts = {"query": "query : ", "passage": "passage : "}
    return save_encoder(tmp_path_factory.mktemp("models") / "model", prompts=prompts)


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def test_a_model_s_own_prompts_and_limit_are_read(folder: Path) -> None:
    card = read_card(folder, "model")
    assert card.prompts == Prompts("query : ", "passage : ")
    assert (card.max_tokens, card.pooling) == (24, "mean")


def test_a_model_without_prompts_gets_those_that_its_authors_publish(folder: Path) -> None:
    change(folder / "config_sentence_transformers.json", prompts={})
    assert read_card(folder, "intfloat/multilingual-e5-small").prompts == Prompts("query: ", "passage: ")
    assert read_card(folder, "something-else").prompts == Prompts()


def test_a_long_model_is_read_up_to_a_limit(folder: Path) -> None:
    change(folder / "config.json", max_position_embeddings=8192)
    change(folder / "tokenizer_config.json", model_max_length=8192)
    assert read_card(folder, "model").max_tokens == 512


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("config.json", {"model_type": "roberta"}),
        ("config.json", {"hidden_act": "relu"}),
        ("1_Pooling/config.json", {"pooling_mode": "max"}),
        ("1_Pooling/config.json", {"include_prompt": False}),
    ],
)
def test_what_is_no_plain_bert_is_left_to_torch(file: str, values: dict[str, object], folder: Path) -> None:
    change(folder / file, **values)
    assert read_card(folder, "model").pooling is None


def test_the_digest_differs_where_the_vectors_would(folder: Path, tmp_path: Path) -> None:
    whole = read_card(folder, "model").digest()
    assert read_card(Path(shutil.copytree(folder, tmp_path / "again")), "other").digest() == whole
    change(folder / "config_sentence_transformers.json", prompts={"query": "q: "})
    prompted = read_card(folder, "model").digest()
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    assert len({whole, prompted, read_card(folder, "model").digest()}) == 3


def test_a_folder_without_weights_has_no_digest(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match="no file of weights"):
        read_card(folder, "model").digest()


def test_a_folder_of_something_else_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="holds no embedding model"):
        read_card(tmp_path, "model")


def test_a_damaged_file_is_named(folder: Path) -> None:
    (folder / "modules.json").write_text("[")
    with pytest.raises(EncoderError, match=r"modules\.json"):
        read_card(folder, "model")


def test_the_packaged_model_s_card_says_what_its_folder_says() -> None:
    packaged, read = packaged_card(), read_card(packaged_folder(), "model")
    assert (packaged.max_tokens, packaged.pooling, packaged.prompts) == (read.max_tokens, read.pooling, read.prompts)


def test_a_model_of_the_packaged_one_s_name_is_not_taken_for_it(folder: Path) -> None:
    assert read_card(folder, PACKAGED).digest() != packaged_card().digest()


def test_other_weights_than_the_published_are_refused_with_both_hashes(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"sha256 .*expected 53aa51172d14"):
        check_weights(fill(tmp_path, {"model.safetensors": "x"}))


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="cannot be read"):
        check_weights(tmp_path)


def test_the_packaged_weights_are_the_published_ones() -> None:
    check_weights(packaged_folder())
