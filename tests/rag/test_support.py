from __future__ import annotations

from dataclasses import replace

import pytest

from rag.encoder import SentenceEncoder
from rag.support import Supporter, sentences_of
from tests.rag.small import WatchedEncoder, alike, passages


@pytest.fixture(scope="module")
def supporter(encoder: SentenceEncoder) -> Supporter:
    return Supporter(encoder, alike)


def test_the_sentence_that_answers_comes_first_with_its_place(supporter: Supporter) -> None:
    found = passages("Kettles boil water.", "Tea is old. Green tea is brewed at 80 degrees. It is liked.")
    best = supporter.rank("How hot is green tea brewed?", found)[0]
    assert (best.sentence.passage, best.sentence.text) == (1, "Green tea is brewed at 80 degrees.")
    offset = best.sentence.start - found[1].start
    assert found[1].text[offset:].startswith(best.sentence.text)


def test_scores_can_be_compared_across_questions(supporter: Supporter) -> None:
    found = passages("Green tea is brewed at 80 degrees.", "Keep tea in a tin, away from light.")
    asked = supporter.rank("At how many degrees is green tea brewed?", found)[0].score
    never = supporter.rank("Who won the chess championship in 1972?", found)[0].score
    assert asked > 0.7 > 0.3 > never


def test_cover_counts_the_words_of_the_question_by_their_weight(encoder: SentenceEncoder) -> None:
    supporter = Supporter(encoder, lambda words: {"green": 3.0, "kettle": 1.0})
    (only,) = supporter.rank("green kettle", passages("The green tea is hot."))
    assert only.cover == pytest.approx(0.75)


def test_the_name_of_the_file_and_the_heading_count_as_words_of_the_sentence(supporter: Supporter) -> None:
    (passage,) = passages("It holds 80 degrees for an hour.", file="aurora.md")
    (only,) = supporter.rank("aurora kettle", [replace(passage, heading="Kettle")])
    assert only.cover == pytest.approx(1.0)


def test_each_sentence_is_embedded_once(encoder: SentenceEncoder) -> None:
    watched = WatchedEncoder(encoder)
    supporter = Supporter(watched, alike)
    found = passages("Green tea is hot.", "Green tea is hot.", "Black tea is hotter.")
    supporter.rank("tea", found)
    supporter.rank("heat", found)
    assert sorted(watched.embedded) == ["Black tea is hotter.", "Green tea is hot."]


@pytest.mark.parametrize("texts", [(), ("",), ("- a\n- b",)])
def test_nothing_that_could_be_checked_gives_nothing(supporter: Supporter, texts: tuple[str, ...]) -> None:
    assert supporter.rank("tea", passages(*texts)) == []


def test_sentences_are_offsets_into_the_document() -> None:
    passage = replace(passages("One of them. Two of them too.")[0], start=100)
    assert [(item.start, item.end) for item in sentences_of(0, passage)] == [(100, 112), (113, 129)]
