from __future__ import annotations

import pytest

from rag.phrase import joined_phrases, phrases


def test_the_verb_at_the_end_is_no_part_of_a_phrase() -> None:
    assert [phrase.words for phrase in phrases("What does the second parent get?")] == [("second", "parent")]
    assert [phrase.words for phrase in phrases("When does the contract with Acme end?")] == [("contract",), ("Acme",)]


def test_a_command_that_opens_a_sentence_is_no_part_of_a_phrase() -> None:
    assert [phrase.words for phrase in phrases("Show me the revenue. List Acme.")] == [("revenue",), ("Acme",)]
    assert [phrase.words for phrase in phrases("list price")] == [("list", "price")]


def test_the_preposition_before_both_is_kept() -> None:
    assert [phrase.preposition for phrase in phrases("in both EUR and GBP")] == ["in", ""]


@pytest.mark.parametrize(
    ("text", "commas", "words"),
    [
        ("in 2018 and 2019", False, [("2018", "2019")]),
        ("in Spain, Portugal or Malta", False, [("Spain", "Portugal", "Malta")]),
        ("In Porto, Acme", False, [("Porto",), ("Acme",)]),
        ("Porto, Ghent", True, [("Porto", "Ghent")]),
        ("from 2018 to 2020", False, [("2018", "2020")]),
        ("from Porto to Ghent", False, [("Porto",), ("Ghent",)]),
        ("Acme and in Porto", False, [("Acme",), ("Porto",)]),
        ("the revenue and Acme", False, [("revenue",), ("Acme",)]),
    ],
)
def test_what_is_joined_is_one_phrase_if_it_is_of_one_kind(
    text: str, commas: bool, words: list[tuple[str, ...]]
) -> None:
    found = joined_phrases(text, commas=commas)
    assert [phrase.words for phrase in found] == words
    assert [phrase.several for phrase in found] == [len(words) == 1] * len(words)
