from __future__ import annotations

from collections.abc import Sequence

from rag.encoder import SentenceEncoder
from rag.split.words import WordCounter

TEXTS = ["Tea at 80°C, “green” (Sencha): $1,234.50!", "漢字 and naïve co-operation\n\tindeed", "", "x" * 300 + " tea"]


def test_words_add_up_to_the_encoders_own_count(encoder: SentenceEncoder) -> None:
    assert WordCounter(encoder.count_tokens)(TEXTS) == encoder.count_tokens(TEXTS)


def test_a_word_is_counted_once(encoder: SentenceEncoder) -> None:
    counted: list[str] = []

    def count(texts: Sequence[str]) -> list[int]:
        counted.extend(texts)
        return encoder.count_tokens(texts)

    words = WordCounter(count)
    assert words(["green tea", "tea and tea"]) == [2, 3]
    assert words(["green and black tea"]) == [4]
    assert sorted(counted) == ["and", "black", "green", "tea"]
