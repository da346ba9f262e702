from __future__ import annotations

from pathlib import Path

import pytest

from inference.errors import EncoderError
from rag.rerank import CrossEncoderReranker
from tests.model_folders import save_cross_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_cross_encoder(tmp_path_factory.mktemp("models") / "cross")


def test_scores_are_the_model_s_logits_in_the_order_of_the_texts(folder: Path) -> None:
    import torch
    from sentence_transformers import CrossEncoder

    texts = ["green tea", "a kettle", "tea " * 600, ""]
    plain: CrossEncoder = CrossEncoder(str(folder), device="cpu")
    expected = plain.predict([("tea", text) for text in texts], activation_fn=torch.nn.Identity())
    scores = CrossEncoderReranker(str(folder)).scores("tea", texts)
    assert scores == pytest.approx(expected.tolist(), abs=1e-5)
    assert len(set(scores)) == len(texts)


def test_no_texts_have_no_scores(folder: Path) -> None:
    assert CrossEncoderReranker(str(folder)).scores("tea", []) == []


def test_a_reranker_that_is_not_here_says_how_to_get_it() -> None:
    with pytest.raises(EncoderError, match="the reranker 'nobody/none'") as caught:
        CrossEncoderReranker("nobody/none")
    assert "hf download nobody/none" in caught.value.next_step


def test_a_classifier_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="3 values"):
        CrossEncoderReranker(str(save_cross_encoder(tmp_path / "classifier", labels=3)))


def test_a_folder_of_something_else_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="cannot be loaded"):
        CrossEncoderReranker(str(tmp_path))
