"""What is seen of a sentence when it is asked whether it answers a question: few numbers, from -1 to 1."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Features:
    """In the order of a calibration's weights."""

    cosine: float
    """Of the sentence, under its heading, to the question."""
    cover: float
    """Share of the question's words, by rarity, in the sentence, its heading and its file's name."""
    around: float
    """The same share of the whole passage: a sentence rarely repeats what the one before it is about."""
    fitting: float
    """1 where the sentence holds a thing of the kind asked for, -1 where it does not, 0 where any will do."""

    def values(self) -> tuple[float, ...]:
        return astuple(self)
