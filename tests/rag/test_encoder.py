from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inference.errors import EncoderError
from rag.encode.card import packaged_folder
from rag.encoder import PACKAGED, SentenceEncoder, open_encoder
from tests.model_folders import save_encoder

LIGHT = """
import sys
from rag.encoder import SentenceEncoder
encoder = SentenceEncoder()
encoder.query("green tea"), encoder.documents(["tea"] * 40), encoder.count_tokens(["tea"])
heavy = {"torch", "transformers", "sentence_transformers", "scipy", "sklearn", "huggingface_hub"}
print(sorted(heavy & sys.modules.keys()))
"""
PROMPTS = {"query": "query : ", "document": "passage : "}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_encoder(tmp_path_factory.mktemp("models") / "plain", prompts=PROMPTS)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that numpy does not run."""
    return save_encoder(tmp_path_factory.mktemp("models") / "odd", prompts=PROMPTS, activation="relu")


def test_vectors_have_unit_length_and_the_declared_form(encoder: SentenceEncoder) -> None:
    vectors = encoder.documents(["green tea", "", "x " * 2_000])
    assert (vectors.shape, vectors.dtype.name) == ((3, encoder.dimension), "float32")
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0] * 3, abs=1e-5)


def test_a_query_is_one_vector_like_that_of_a_document(encoder: SentenceEncoder) -> None:
    assert encoder.query("green tea") == pytest.approx(encoder.documents(["green tea"])[0], abs=1e-5)


def test_no_texts_give_no_rows(encoder: SentenceEncoder) -> None:
    assert encoder.documents([]).shape == (0, encoder.dimension)


def test_meaning_is_nearer_than_spelling(encoder: SentenceEncoder) -> None:
    cat, kitten, cart = encoder.documents(["a young cat", "a kitten", "a young cart"])
    assert cat @ kitten > cat @ cart


def test_tokens_are_counted_past_what_the_encoder_reads(encoder: SentenceEncoder) -> None:
    assert encoder.count_tokens(["green tea", "", "tea " * 1_000]) == [2, 0, 1_000]


def test_what_lies_beyond_the_counted_room_does_not_reach_the_vector(encoder: SentenceEncoder) -> None:
    room = encoder.max_tokens - 2
    full, over, under = encoder.documents(["tea " * room, "tea " * room + "kettle", "tea " * (room - 1) + "kettle"])
    assert full @ over == pytest.approx(1.0, abs=1e-5)
    assert full @ under < full @ over - 1e-4


def test_the_packaged_model_needs_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [PACKAGED, f"sentence-transformers/{PACKAGED}"])
def test_the_packaged_model_is_found_by_its_name(name: str, encoder: SentenceEncoder) -> None:
    assert open_encoder(name).digest == encoder.digest


def test_the_packaged_model_with_other_weights_gives_no_vector(tmp_path: Path) -> None:
    from dataclasses import replace

    from rag.encode.card import packaged_card

    folder = Path(shutil.copytree(packaged_folder(), tmp_path / "model"))
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(EncoderError, match="not the published"):
        SentenceEncoder(replace(packaged_card(), folder=folder)).query("tea")


@pytest.mark.parametrize("kind", ["plain", "odd"])
def test_a_named_model_gives_the_vectors_of_sentence_transformers_with_its_prompts(
    kind: str, request: pytest.FixtureRequest
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = request.getfixturevalue(kind)
    mine, theirs = open_encoder(str(folder)), SentenceTransformer(str(folder), device="cpu")
    texts = ["green tea", "a cold kettle", "tea " * 100]
    assert mine.documents(texts) == pytest.approx(theirs.encode_document(texts, normalize_embeddings=True), abs=1e-4)
    assert mine.query("tea") == pytest.approx(theirs.encode_query("tea", normalize_embeddings=True), abs=1e-4)
    assert mine.query("tea") != pytest.approx(mine.documents(["tea"])[0], abs=1e-3)
    assert (mine.name, mine.dimension) == (kind, 32)


def test_a_document_s_prompt_takes_room_from_its_text(plain: Path) -> None:
    encoder = open_encoder(str(plain))
    prompt, text = encoder.count_tokens([PROMPTS["document"], "tea " * encoder.max_tokens])
    assert prompt + text == 24
    room = encoder.max_tokens - 2
    full, over = encoder.documents(["tea " * room, "tea " * room + "kettle"])
    assert full == pytest.approx(over, abs=1e-5)


def test_many_texts_get_the_vectors_of_few(odd: Path) -> None:
    few = open_encoder(str(odd)).documents(["tea", "kettle"])
    many = open_encoder(str(odd)).documents(["tea", "kettle", *["cold"] * 40])
    assert np.einsum("ij,ij->i", few, many[:2]).min() > 0.999


def test_a_way_that_was_found_to_be_the_fastest_is_taken_by_the_next_process(odd: Path) -> None:
    from rag.encode.remembered import recall, remember
    from rag.encode.trial import machine

    encoder = open_encoder(str(odd))
    key = f"way {encoder.digest} {machine()}"
    remember(key, "cpu bfloat16")  # whatever this machine has: it computes the same to two or three digits
    exact = SentenceEncoder(encoder._card)._torch_model("cpu float32").query("tea")
    assert recall(key) == "cpu bfloat16"
    assert encoder.query("tea") != pytest.approx(exact, abs=1e-5)
    assert encoder.query("tea") @ exact > 0.99
    remember(key, "cpu float32")


def test_a_model_that_cannot_be_loaded_is_named(odd: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(odd, tmp_path / "broken"))
    (folder / "model.safetensors").write_bytes(b"x")
    with pytest.raises(EncoderError, match="broken"):
        open_encoder(str(folder)).query("tea")


def test_a_model_that_is_not_here_is_an_error_with_the_way_to_it() -> None:
    with pytest.raises(EncoderError) as caught:
        open_encoder("nobody/no-such-model")
    assert "hf download nobody/no-such-model" in caught.value.next_step
