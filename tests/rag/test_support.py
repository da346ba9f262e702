from __future__ import annotations

from dataclasses import replace

import pytest

from rag.encoder import SentenceEncoder
from rag.support import ENCODED, Supporter
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


def test_support_can_be_compared_across_questions(supporter: Supporter) -> None:
    found = passages("Green tea is brewed at 80 degrees.", "Keep tea in a tin, away from light.")
    asked = supporter.evidence("At how many degrees is green tea brewed?", found).support
    never = supporter.evidence("Who won the chess championship in 1972?", found).support
    assert asked is not None
    assert never is not None
    assert asked > 0.8 > 0.2 > never


def test_a_sentence_with_the_kind_of_thing_asked_for_goes_before_one_without(supporter: Supporter) -> None:
    found = passages("The bridge was opened by the mayor with a speech.", "The bridge was opened to all on 3 May 1932.")
    assert supporter.evidence("When was the bridge opened?", found).ranked[0].sentence.passage == 1


def test_what_stands_around_a_sentence_counts_for_it(supporter: Supporter) -> None:
    found = passages("It holds 80 degrees for an hour.", "The Aurora is a kettle. It holds 80 degrees for an hour.")
    best = supporter.evidence("How long does the Aurora kettle hold 80 degrees?", found).ranked[0]
    assert best.sentence.passage == 1


def test_a_title_or_a_question_supports_nothing_where_there_is_anything_else(supporter: Supporter) -> None:
    notes = passages("# How green tea is brewed\n\nHow is green tea brewed?\n\nGreen tea is brewed at 80 degrees.")
    ranked = supporter.evidence("How is green tea brewed?", notes).ranked
    assert [item.sentence.text for item in ranked] == ["Green tea is brewed at 80 degrees."]
    assert supporter.evidence("How is green tea brewed?", passages("# How green tea is brewed")).support is not None


def test_a_row_is_found_by_the_name_of_its_column(supporter: Supporter) -> None:
    rows = "\n".join(f"kettle {number} | {number * 7} | {number * 3}" for number in range(1, 6))
    notes = [replace(passages(rows, file="b.xlsx")[0], columns="article | price in euros | weeks of lead time")]
    best = supporter.evidence("What lead time has kettle 3?", notes).ranked[0].sentence
    assert best.text == "kettle 3 | 21 | 9"
    assert best.row is not None
    assert best.row.cells[2] == "9"


def test_only_the_promising_sentences_are_encoded(encoder: SentenceEncoder) -> None:
    watched = WatchedEncoder(encoder)
    many = passages(*(f"This is remark number {number} on nothing." for number in range(100)), "Green tea is hot.")
    best = Supporter(watched, alike).evidence("green tea", many).ranked[0]
    assert best.sentence.text == "Green tea is hot."
    assert len(watched.embedded) == ENCODED


def test_what_was_looked_for_is_spelled_as_in_the_question_the_rarest_first(encoder: SentenceEncoder) -> None:
    rare = {"aurora": 5.0, "kettle": 1.0, "1,250": 9.0}
    supporter = Supporter(encoder, lambda words: {word: rare[word] for word in words})
    assert supporter.evidence("Is an Aurora kettle 1,250?", []).looked_for == ("1,250", "Aurora", "kettle")


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


def test_the_header_row_of_a_table_is_no_answer(supporter: Supporter) -> None:
    table = "| Department | Budget |\n|---|---|\n| Finance | 8050 |\n| Quality | 3500 |\n"
    found = supporter.evidence("What is the budget of each department?", passages(table)).ranked
    assert [item.sentence.text for item in found if "Department" in item.sentence.text] == []
    assert {"| Finance | 8050 |", "| Quality | 3500 |"} <= {item.sentence.text for item in found}


def test_a_thing_of_the_same_name_with_another_number_supports_little(supporter: Supporter) -> None:
    found = passages("The RTX 4090 writes 180 tokens a second.")
    asked = supporter.evidence("How many tokens a second does the RTX 4090 write?", found).support
    other = supporter.evidence("How many tokens a second does the RTX 4080 write?", found).support
    assert asked is not None
    assert other is not None
    assert other < 0.25 < asked


def test_an_item_is_read_under_the_line_that_leads_to_it(encoder: SentenceEncoder) -> None:
    watched = WatchedEncoder(encoder)
    Supporter(watched, alike).evidence("When is the desk open?", passages("The desk is open:\n\n- on Monday at ten"))
    assert "The desk is open: - on Monday at ten" in watched.embedded
