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
    "title", ["# Tea and kettles", "3.2 Approval of purchases", "2. Which devices", "**Is it hot?**"]
)
def test_a_title_or_a_question_is_no_candidate(title: str) -> None:
    assert texts(f"{title}\n\nKeep tea in a tin.") == ["Keep tea in a tin."]


@pytest.mark.parametrize(
    "line",
    ["Total: 300 tins", "Keep it in a tin.", "- Green tea and black tea", "Approved by the committee", "3. Tins: 300"],
)
def test_a_short_line_that_says_something_is_one(line: str) -> None:
    assert line in texts(f"{line}\n\nKeep tea in a tin.")


def test_the_text_of_a_heading_is_a_title_without_its_mark() -> None:
    found = replace(passages("Storage of tea\n\nKeep tea in a tin.")[0], heading="Tea > Storage of tea")
    assert [item.text for item in candidates([found])] == ["Keep tea in a tin."]


def test_a_title_that_nothing_follows_is_a_line_like_others() -> None:
    assert texts("Keep tea in a tin.\n\n2. Anna van Tea") == ["Keep tea in a tin.", "2. Anna van Tea"]


def test_where_there_is_nothing_else_a_title_is_better_than_nothing() -> None:
    assert texts("# Tea and kettles") == ["# Tea and kettles"]


def leads(text: str) -> dict[str, str | None]:
    """Sentence -> what it is read under."""
    return {item.text: item.lead.text if item.lead else None for item in sentences_of(0, passages(text)[0])}


def test_what_leads_to_a_list_is_read_over_its_items_however_short() -> None:
    text = "Not on:\n\n- Sunday\n- Monday at all. Come early then.\n- 1 May\n\nBring a pass to the desk."
    assert leads(text) == {
        "Not on:": None,
        "- Sunday": "Not on:",
        "- Monday at all.": "Not on:",
        "Come early then.": None,
        "- 1 May": "Not on:",
        "Bring a pass to the desk.": None,
    }


def test_an_inner_list_ends_with_its_items() -> None:
    text = "What the plan has:\n\n- The plan excludes:\n  - crowns and bridges\n- Glasses up to EUR 200\n"
    found = leads(text)
    assert found["- crowns and bridges"] == "- The plan excludes:"
    assert found["- Glasses up to EUR 200"] == "What the plan has:"
    assert found["- The plan excludes:"] == "What the plan has:"


def test_a_list_under_the_same_words_is_another_one() -> None:
    text = "Opening hours are:\n\n- Monday at nine\n\nAnd in Bergen.\n\nOpening hours are:\n\n- Tuesday at one\n"
    monday, tuesday = (item for item in sentences_of(0, passages(text)[0]) if item.text.startswith("-"))
    assert monday.lead is not None
    assert tuesday.lead is not None
    assert monday.lead.start < tuesday.lead.start


def test_what_someone_goes_on_to_say_is_theirs() -> None:
    found = leads("Anna Berg: Great news! I will bring the tea on Friday.\nBo: Good to hear. See you there then.")
    assert found["I will bring the tea on Friday."] == "Anna Berg:"
    assert found["Bo: Good to hear."] is None
    assert found["See you there then."] == "Bo:"


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\n \t\n"])
def test_a_blank_line_is_one_however_it_ends(end: str) -> None:
    assert texts(f"3.2 Approval of purchases{end}Keep tea in a tin.") == ["Keep tea in a tin."]


@pytest.mark.parametrize("short", ["Fee: 25 EUR", "茶在八十度"])
def test_what_is_short_and_says_something_is_a_candidate(short: str) -> None:
    assert short in texts(f"{short}\n\nKeep tea in a tin.")


@pytest.mark.parametrize("nothing", ["Page 3", "12 of 20", "---|---|---|---"])
def test_what_is_short_and_says_nothing_is_none(nothing: str) -> None:
    assert texts(f"{nothing}\n\nKeep tea in a tin.") == ["Keep tea in a tin."]


@pytest.mark.parametrize(
    ("file", "table"),
    [
        ("prices.xlsx", "Item | Price\nTea | 4\nRice | 12"),
        ("prices.csv", "item,price\ntea,4\nrice,12"),
        ("prices.md", "| Item | Price |\n|---|---|\n| Tea | 4 |"),
    ],
)
def test_a_short_row_is_read_and_its_header_is_no_answer(file: str, table: str) -> None:
    rows = [item.row.paired() for item in candidates(passages(table, file=file)) if item.row]
    assert rows[0].lower() == "item tea, price 4"
    assert all(item.row for item in candidates(passages(table, file=file)))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_front_matter_calls_a_page_is_no_answer_and_what_it_tells_is_one(end: str) -> None:
    lines = [
        "---",
        "title: Paid leave",
        "author: Petra Lindqvist",
        "tags: [a, b]",
        "version: 3.2",
        "---",
        "",
        "Twelve weeks are paid.",
    ]
    assert texts(end.join(lines)) == ["author: Petra Lindqvist", "version: 3.2", "Twelve weeks are paid."]
    assert "title: Paid parental leave" in texts("See the form:\n\ntitle: Paid parental leave")


def test_the_header_of_a_row_that_ends_before_it_is_no_answer() -> None:
    found = texts("Region | Q1 | Q2 | Total\nNorth | 120 | 135\nSouth | 90 | 80 | 170")
    assert "Region | Q1 | Q2 | Total" not in found
