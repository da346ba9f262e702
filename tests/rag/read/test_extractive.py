from __future__ import annotations

import pytest

from rag.encoder import SentenceEncoder
from rag.read.choice import MAX_SENTENCES
from rag.read.extractive import ExtractiveReader
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
    assert answer.nearest is not None
    assert answer.nearest.quote in ("It is liked in Oslo.", NOTES[1].text, "Green tea is brewed at 80 degrees.")
    assert set(answer.looked_for) == {"won", "chess", "championship", "1972"}


def test_without_passages_there_is_no_support(reader: ExtractiveReader) -> None:
    answer = reader.answer(ASKED, [])
    assert (answer.answerable, answer.support, answer.nearest) == (False, None, None)


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


def test_a_cell_is_told_with_its_row_and_column_and_the_quote_is_the_row(encoder: SentenceEncoder) -> None:
    rows = "| Region | revenue | growth |\n|---|---|---|\n| Asia | 46.5 | 11 % |\n| Africa | 12.1 | 4 % |"
    answer = ExtractiveReader(Supporter(encoder, alike)).answer("What was the growth in Africa?", passages(rows))
    assert answer.text.splitlines()[0] == "Africa, growth: 4 % [1]"
    assert answer.citations[0].quote == "| Africa | 12.1 | 4 % |"


def test_a_question_of_two_parts_gets_a_sentence_for_each(encoder: SentenceEncoder) -> None:
    notes = passages(
        "The Aurora kettle was designed by Anna Lind, who designed the Aurora toaster too.",
        "It is sold in Oslo.",
        "The shops began to sell the kettle in May 1998.",
    )
    asked = "Who designed the Aurora kettle, and when did shops begin to sell it?"
    quotes = [citation.quote for citation in ExtractiveReader(Supporter(encoder, alike)).answer(asked, notes).citations]
    assert notes[0].text in quotes
    assert notes[2].text in quotes


def test_a_pronoun_brings_the_sentence_that_it_speaks_of(encoder: SentenceEncoder) -> None:
    notes = passages("Tea is old. The Aurora is a kettle of steel. It holds a temperature of 80 degrees for an hour.")
    asked = "For how long does it hold a temperature of 80 degrees?"
    answer = ExtractiveReader(Supporter(encoder, alike)).answer(asked, notes)
    assert [citation.quote for citation in answer.citations] == [
        "The Aurora is a kettle of steel.",
        "It holds a temperature of 80 degrees for an hour.",
    ]


def test_an_item_brings_the_line_that_leads_to_it(encoder: SentenceEncoder) -> None:
    found = passages("At the desk in Oslo are sold:\n\n- paper kites for children\n- strong tea for grown guests\n")
    answer = ExtractiveReader(Supporter(encoder, alike)).answer("What is sold to children at the desk?", found)
    assert answer.text.splitlines()[:2] == ["At the desk in Oslo are sold: [1]", "- paper kites for children [2]"]


def test_a_line_that_leads_to_a_list_brings_its_items(encoder: SentenceEncoder) -> None:
    found = passages("At the desk in Oslo are sold:\n\n- paper kites for children\n- strong black tea\n- sea charts\n")
    answer = ExtractiveReader(Supporter(encoder, alike)).answer("What is sold at the desk in Oslo?", found)
    assert answer.text.splitlines()[:2] == ["At the desk in Oslo are sold: [1]", "- paper kites for children [2]"]


def test_a_short_line_that_denies_stands_before_its_item(encoder: SentenceEncoder) -> None:
    found = passages("Not open:\n\n- the day before a feast\n- the week of the fair\n")
    answer = ExtractiveReader(Supporter(encoder, alike), 0.0).answer("Is it open the day before a feast?", found)
    assert answer.text.splitlines()[0] == "Not open: [1]"


@pytest.mark.parametrize(
    ("file", "table"),
    [("prices.xlsx", "Item | Price\nTea | 4\nRice | 12"), ("prices.csv", "item,price\ntea,4\nrice,12")],
)
def test_the_answer_of_a_small_table_is_its_row(encoder: SentenceEncoder, file: str, table: str) -> None:
    answer = ExtractiveReader(Supporter(encoder, alike)).answer("What is the price of tea?", passages(table, file=file))
    assert answer.text.lower() == "tea, price: 4 [1]"
