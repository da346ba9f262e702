from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.errors import EncoderError
from rag.encode.bert import Bert
from rag.encode.card import Card, packaged_card, read_card
from rag.encode.numpy_model import NumpyModel, read_weights
from rag.encode.tokens import open_tokenizer
from rag.encode.torch_model import TorchModel
from tests.model_folders import save_encoder
from tests.rag.small import fill

TEXTS = ["green tea", "", "a kettle, cold", "when is the tea hot " * 30, "1,300 ± 5 % at 80 °C", "茶 is tea", "x" * 300]


def in_numpy(card: Card) -> NumpyModel:
    return NumpyModel(card, open_tokenizer(card))


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_numpy_and_torch_give_the_same_vectors(pooling: str, tmp_path: Path) -> None:
    card = read_card(save_encoder(tmp_path / "model", pooling=pooling), "model")
    assert card.pooling == pooling
    mine, theirs = in_numpy(card)(TEXTS), TorchModel(card).documents(TEXTS)
    assert np.einsum("ij,ij->i", mine, theirs) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_the_packaged_model_gives_the_vectors_of_sentence_transformers() -> None:
    card = packaged_card()
    mine, theirs = in_numpy(card)(TEXTS), TorchModel(card).documents(TEXTS)
    assert np.einsum("ij,ij->i", mine, theirs).min() > 0.99999


def test_a_text_s_vector_does_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    model = in_numpy(read_card(save_encoder(tmp_path / "model"), "model"))
    alone = np.concatenate([model([text]) for text in TEXTS])
    assert model(TEXTS * 40)[-len(TEXTS) :] == pytest.approx(alone, abs=1e-5)


def test_half_precision_weights_are_read(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.ones(3, np.int64)}, tmp_path / "w")
    found = read_weights(tmp_path / "w")
    assert found.keys() == {"a"}
    assert found["a"].dtype.name == "float32"
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("damage", [b"", b"\x04" + b"\0" * 7 + b"{]..", b"\x02" + b"\0" * 7 + b"{}"])
def test_damaged_weights_are_named(damage: bytes, tmp_path: Path) -> None:
    folder = save_encoder(tmp_path / "model")
    fill(folder, {"model.safetensors": damage})
    with pytest.raises(EncoderError, match="model"):
        in_numpy(read_card(folder, "model"))


def test_gelu_is_that_of_the_error_function() -> None:
    from scipy.special import erf

    from rag.encode.bert import _gelu

    x = np.linspace(-12, 12, 4001, dtype=np.float32).reshape(1, -1)
    assert _gelu(x.copy()) == pytest.approx(x * 0.5 * (1 + erf(x / 2**0.5)), abs=1e-5)


def test_a_bert_knows_its_layers_from_its_weights() -> None:
    card = packaged_card()
    bert = Bert.of(read_weights(card.folder / "model.safetensors"), heads=12, epsilon=1e-12, pooling="mean")
    assert len(bert.layers) == 6
