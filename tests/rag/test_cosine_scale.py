from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag.calibration import MINILM
from rag.cosine_scale import MINILM_MATCHED, MINILM_UNRELATED, CosineScale, measured
from rag.encoder import Encoder, SentenceEncoder, Vectors
from rag.support import Supporter
from tests.rag.small import alike, passages


class Crowded:
    """Another encoder whose cosines c become 0.7 + 0.3 c: every text has one large component in common."""

    name = "crowded"
    digest = "crowded-1"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.dimension, self.max_tokens = encoder.dimension + 1, encoder.max_tokens

    def documents(self, texts: Sequence[str]) -> Vectors:
        plain = self._encoder.documents(texts) * np.float32(0.3**0.5)
        return np.hstack([plain, np.full((len(plain), 1), 0.7**0.5, np.float32)])

    def query(self, text: str) -> Vectors:
        return np.append(self._encoder.query(text) * np.float32(0.3**0.5), np.float32(0.7**0.5))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count_tokens(texts)


def test_the_packaged_encoder_is_the_scale(encoder: SentenceEncoder) -> None:
    assert measured(encoder) == pytest.approx((MINILM_MATCHED, MINILM_UNRELATED), abs=0.006)
    scale = CosineScale.of(encoder)
    assert scale(0.5) == pytest.approx(0.5, abs=0.01)


def test_a_crowded_encoder_gives_the_same_support(encoder: SentenceEncoder) -> None:
    notes = passages("Green tea is brewed at 80 degrees.", "Keep tea in a tin, away from light.")
    plain, crowded = Supporter(encoder, alike), Supporter(Crowded(encoder), alike)
    for question in ("At how many degrees is green tea brewed?", "Who won the chess championship in 1972?"):
        one, other = (supporter.evidence(question, notes).support for supporter in (plain, crowded))
        assert one == pytest.approx(other, abs=0.02)


def test_a_calibration_that_is_handed_in_is_taken_as_it_is(encoder: SentenceEncoder) -> None:
    notes = passages("Green tea is brewed at 80 degrees.")
    handed = Supporter(Crowded(encoder), alike, MINILM).evidence("Who won the chess championship?", notes)
    own = Supporter(Crowded(encoder), alike).evidence("Who won the chess championship?", notes)
    assert handed.support is not None
    assert own.support is not None
    assert handed.support > 3 * own.support


def test_an_encoder_that_tells_nothing_apart_is_left_as_it_is(encoder: SentenceEncoder) -> None:
    class Blind(Crowded):
        def documents(self, texts: Sequence[str]) -> Vectors:
            return np.ones((len(texts), 2), np.float32) / np.float32(2**0.5)

        def query(self, text: str) -> Vectors:
            return np.ones(2, np.float32) / np.float32(2**0.5)

    assert CosineScale.of(Blind(encoder)) == CosineScale()
