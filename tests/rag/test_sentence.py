from __future__ import annotations

from dataclasses import replace

import pytest

from rag.sentence import candidates, sentences_of
from tests.rag.small import passages


def texts(text: str) -> list[str]:
    return [item.text for item in candidates(passages(text))]


def test_sentences_are_offsets_into_the_document() -> None:
    passage = replace(passages("One of them. Two of them too.")[0], start=100)
    assert [(item.start, item.end) for item in sentences_of(0, passage)] == [(100, 112), (113, 129)]


@pytest.mark.parametrize(
    "title", ["# Tea and kettles", "3.2 Approval of purchases", "2. Which devices", "Storage of tea", "**Is it hot?**"]
)
def test_a_title_or_a_question_is_no_candidate(title: str) -> None:
    assert texts(f"{title}\n\nKeep tea in a tin.") == ["Keep tea in a tin."]


@pytest.mark.parametrize(
    "line", ["Total: 300 tins", "Keep it in a tin.", "- Green tea and black tea", "- Oslo, Norway"]
)
def test_a_short_line_that_says_something_is_one(line: str) -> None:
    assert line in texts(f"{line}\n\nKeep tea in a tin.")


def test_a_title_that_nothing_follows_is_a_line_like_others() -> None:
    assert texts("Keep tea in a tin.\n\nAnna van Tea") == ["Keep tea in a tin.", "Anna van Tea"]


def test_where_there_is_nothing_else_a_title_is_better_than_nothing() -> None:
    assert texts("# Tea and kettles") == ["# Tea and kettles"]


def test_what_leads_to_a_list_stands_with_its_items() -> None:
    found = candidates(passages("The desk is open:\n\n- on Monday\n- on Friday at ten\n\nNobody is there on Sunday."))
    assert [(item.text, item.lead) for item in found] == [
        ("The desk is open:", ""),
        ("- on Friday at ten", "The desk is open:"),
        ("Nobody is there on Sunday.", ""),
    ]


def test_what_someone_goes_on_to_say_is_theirs() -> None:
    text = "Anna Berg: Great news! I will bring the tea on Friday.\nBo: Good to hear. See you there then."
    leads = {item.text: item.lead for item in sentences_of(0, passages(text)[0])}
    assert leads["I will bring the tea on Friday."] == "Anna Berg:"
    assert leads["Bo: Good to hear."] == ""
    assert leads["See you there then."] == "Bo:"
