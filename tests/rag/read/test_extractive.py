from __future__ import annotations

import pytest

from rag.encoder import SentenceEncoder
from rag.read.extractive import MAX_SENTENCES, ExtractiveReader
from rag.support import Supporter
from tests.rag.small import alike, passages

NOTES = passages("Green tea is brewed\nat 80 degrees. It is liked in Oslo.", "Keep tea in a tin, away from light.")
ASKED = "At how many degrees is green tea brewed?"


@pytest.fixture(scope="module")
def reader(encoder: SentenceEncoder) -> ExtractiveReader:
    return ExtractiveReader(Supporter(encoder, alike))


def test_the_answer_is_a_verbatim_sentence_with_its_place(reader: ExtractiveReader) -> None:
    answer = reader.answer(ASKED, NOTES)
    (citation,) = answer.citations
    assert answer.text == "Green tea is brewed at 80 degrees. [1]"
    assert " ".join(NOTES[0].text[citation.start : citation.end].split()) == citation.quote
    assert (answer.engine, answer.unsupported) == ("reader", ())


def test_below_the_threshold_the_documents_do_not_say(reader: ExtractiveReader) -> None:
    answer = reader.answer("Who won the chess championship in 1972?", NOTES)
    assert (answer.answerable, answer.text, answer.citations) == (False, "", ())
    assert answer.support is not None


def test_without_passages_there_is_no_support(reader: ExtractiveReader) -> None:
    answer = reader.answer(ASKED, [])
    assert (answer.answerable, answer.support) == (False, None)


def test_the_text_is_handed_on_once(reader: ExtractiveReader) -> None:
    heard: list[str] = []
    assert reader.answer(ASKED, NOTES, heard.append).text == "".join(heard)


def test_the_same_sentence_is_shown_once(reader: ExtractiveReader) -> None:
    assert len(reader.answer(ASKED, passages(*["Green tea is brewed at 80 degrees."] * 3)).citations) == 1


def test_sentences_that_support_as_well_are_shown_up_to_a_limit(reader: ExtractiveReader) -> None:
    near = passages(*(f"Green tea is brewed at 80 degrees in {place}." for place in ("Oslo", "Rome", "Bern", "Kyiv")))
    answer = reader.answer(ASKED, near)
    assert len(answer.citations) == MAX_SENTENCES
    assert [line[-3:] for line in answer.text.splitlines()] == ["[1]", "[2]", "[3]"]


def test_a_title_or_a_question_is_no_answer(encoder: SentenceEncoder) -> None:
    notes = passages("# How green tea is brewed\n\nHow is green tea brewed?\n\nGreen tea is brewed at 80 degrees.")
    answer = ExtractiveReader(Supporter(encoder, alike)).answer("How is green tea brewed?", notes)
    assert [citation.quote for citation in answer.citations] == ["Green tea is brewed at 80 degrees."]
