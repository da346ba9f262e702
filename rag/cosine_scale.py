"""Puts the cosines of any encoder on the scale of the one that the support score was calibrated with.

Encoders spread their cosines differently: unrelated texts have 0.05 with one, 0.7 with another. Eight questions, each
with its answer and with the seven answers of the others, show how; a straight line maps both means onto MiniLM's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from rag.encoder import Encoder

_PAIRS = (
    ("When was the bridge over the river opened?", "The bridge across the river was opened to traffic in May 1932."),
    ("Who wrote the first annual report?", "The first annual report was written by the treasurer, Anna Lind."),
    ("How long does the warranty on the pump last?", "The pump comes with a warranty of three years."),
    ("Why did the price of coffee rise?", "A frost in Brazil destroyed much of the harvest, so coffee became dearer."),
    ("What do whales eat?", "Most large whales feed on krill and small fish."),
    ("Where are the backups kept?", "Backup tapes are stored in a vault in another building."),
    ("How can I reset my password?", "To choose a new password, follow the link on the sign-in page."),
    ("Which vaccine needs two doses?", "The measles vaccine is given in two doses, four weeks apart."),
)

MINILM_MATCHED, MINILM_UNRELATED = 0.66, 0.02
"""Mean cosine of a question with its answer, and with those of the others, all-MiniLM-L6-v2."""


@dataclass(frozen=True, slots=True)
class CosineScale:
    """A cosine c becomes slope * c + shift."""

    slope: float = 1.0
    shift: float = 0.0

    @classmethod
    def of(cls, encoder: Encoder) -> Self:
        """Measured with 16 short texts. An encoder that does not tell the pairs apart is left as it is."""
        matched, unrelated = measured(encoder)
        if matched - unrelated < 0.02:
            return cls()
        slope = (MINILM_MATCHED - MINILM_UNRELATED) / (matched - unrelated)
        return cls(slope, MINILM_UNRELATED - slope * unrelated)

    def __call__(self, cosine: float) -> float:
        return self.slope * cosine + self.shift


def measured(encoder: Encoder) -> tuple[float, float]:
    """The mean cosines of matched and of unrelated pairs."""
    questions = np.stack([encoder.query(question) for question, _ in _PAIRS])
    cosines = questions @ encoder.documents([answer for _, answer in _PAIRS]).T
    own = np.eye(len(_PAIRS), dtype=bool)
    return float(cosines[own].mean()), float(cosines[~own].mean())
