from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.errors import EncoderError
from rag.encoder import SentenceEncoder, check_weights, packaged_folder
from tests.rag.small import fill


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


def test_other_weights_are_refused_with_both_hashes(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"sha256 .*expected 53aa51172d14"):
        check_weights(fill(tmp_path, {"model.safetensors": "x"}))


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="cannot be read"):
        check_weights(tmp_path)


def test_the_packaged_weights_are_the_published_ones() -> None:
    check_weights(packaged_folder())
