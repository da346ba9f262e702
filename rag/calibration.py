"""What the support score was fitted with: the weights of its features, and the threshold of each reader.

Cosines of two encoders do not compare, so an encoder has its own calibration, under its name in CALIBRATIONS or handed
to `Supporter`; `python -m eval.scripts.abstention DATA --work FOLDER --fit --encoder NAME` makes one. The cosines of an
encoder without one are put on MiniLM's scale (rag.cosine_scale).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rag.encode.card import PACKAGED
from rag.features import Features


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression over `Features`: `weights` in their order, the constant last. The constant is set so that
    the embedded reader's threshold is one half with every encoder."""

    weights: tuple[float, ...]
    model_threshold: float
    """Least support at which a language model is asked: lower, since it can work out what no sentence says, and may
    still decline."""
    reader_threshold: float = 0.5
    """Least support at which the embedded reader answers."""

    def support(self, features: Features) -> float:
        """How well a sentence answers, 0 to 1: 1 / (1 + exp(-(w . x + b)))."""
        *slopes, constant = self.weights
        value = constant + sum(weight * one for weight, one in zip(slopes, features.values(), strict=True))
        return 1 / (1 + math.exp(-value))


MINILM = Calibration((2.64, 2.33, 4.72, 0.67, -4.72), model_threshold=0.33)
"""Fitted on lihua_world and chunking_evaluation. On lihua_world the embedded reader refuses one answerable question in
five (a model one in ten) and answers .22 (.32) of the unanswerable ones."""

CALIBRATIONS = {PACKAGED: MINILM}
"""By the name of the encoder."""
