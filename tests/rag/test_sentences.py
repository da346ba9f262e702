from __future__ import annotations

import pytest

from rag.sentences import fold, fold_hyphens, record_spans, sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def test_sentences_end_at_full_stops_questions_and_exclamations() -> None:
    assert sentences("Tea is hot. Is it? Yes! “Drink it.” Now.") == [
        "Tea is hot.",
        "Is it?",
        "Yes!",
        "“Drink it.”",
        "Now.",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Birk of Acme Inc. Oslo paid 3.5 kr. in Jan. 2024 for e.g. Assam.",
        "See Fig. 3 and No. 7 in the U.S. Army manual.",
        "J. R. Hartley wrote it.",
        "The price is $1.5 million, up from 1.2.",
    ],
)
def test_abbreviations_initials_and_decimals_do_not_end_a_sentence(sentence: str) -> None:
    assert sentences(sentence) == [sentence]


def test_wrapped_lines_are_one_sentence() -> None:
    wrapped = "The kettle that stands on the table by the window\nholds its heat for an hour."
    assert sentences(wrapped) == [wrapped]


def test_pictures_close_the_sentence_that_they_follow() -> None:
    assert sentences("What a night! 🎸💫 See you. 😊 Bring tea.") == ["What a night! 🎸💫", "See you. 😊", "Bring tea."]


@pytest.mark.parametrize(
    "wrapped",
    [
        "Read the\n[guide](https://tea.example/guide) first.",
        "It is always served in this house, in summer too,\n**hot**.",
    ],
)
def test_links_and_stress_go_on_with_the_sentence(wrapped: str) -> None:
    assert sentences(wrapped) == [wrapped]


def test_a_blank_line_ends_a_sentence_without_a_stop() -> None:
    assert sentences("the first\n\nthe second") == ["the first", "the second"]


@pytest.mark.parametrize(
    "lines",
    [
        ["| Tea | Degrees |", "|---|---|", "| green | 80 |"],
        ["Net sales of all segments together in the year 34,229", "Cost of all goods sold in it (19,232)", "Total"],
        ["- green tea", "- black tea", "1. boil", "2) wait", "• drink"],
        ["# Tea", "It is hot.", "Storage", "Keep it dry."],
        ["## 1. Boil. Then wait", "Fill the kettle."],
        ["| green | 80. Not more. |", "| black | It may boil. Let it. |"],
        ["Tea | It boils. Let it. | 100", "green\t80. Not more.\t3 min"],
        ["Time: 10:00", "LiHua: A great song for tonight, I can hardly wait! 🎶", "Wolfgang Schulz: Me too"],
    ],
    ids=[
        "table",
        "table that lost its lines in a PDF",
        "list",
        "headings",
        "heading with stops",
        "rows with stops",
        "rows without outer bars",
        "speakers",
    ],
)
def test_lines_that_belong_to_no_sentence_stand_alone(lines: list[str]) -> None:
    assert sentences("\n".join(lines)) == lines


def test_spans_are_in_order_and_hold_all_that_is_not_white_space() -> None:
    text = "  One. Two\r\nthree.\x0c\n\n * four\u2028Five? \t"
    spans = sentence_spans(text)
    assert spans == sorted(spans)
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("text", ["", " \n\t\n "])
def test_nothing_has_no_sentences(text: str) -> None:
    assert sentence_spans(text) == []


def test_folding_leaves_single_blanks() -> None:
    assert fold(" a\n\n b\t\u00a0c ") == "a b c"


def test_a_hyphen_at_a_line_end_goes_with_the_break_when_the_word_goes_on() -> None:
    assert (
        fold_hyphens("infor-\n  mation, Jean-\nPaul, well-known, - \nx") == "information, Jean- Paul, well-known, - x"
    )


def test_a_line_across_the_page_stands_alone_so_that_front_matter_is_no_part_of_a_sentence() -> None:
    text = "---\ntitle: Parking\n---\nEmployees may park for 37 euros a month in lot B.\n"
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "---",
        "title: Parking",
        "---",
        "Employees may park for 37 euros a month in lot B.",
    ]


@pytest.mark.parametrize(
    "sentence", ["**GGUF.** The file format for weights.", "6. **Is it hot?** It slows down then.", "- **Ports.** Two."]
)
def test_a_bold_term_goes_on_with_what_is_said_of_it(sentence: str) -> None:
    assert sentences(f"{sentence} It is old.") == [sentence, "It is old."]


@pytest.mark.parametrize("row", ["pears | 5", "Rice. Long grain | 12", "Delivered late | ", "no | "])
def test_a_row_of_two_cells_stands_alone(row: str) -> None:
    assert sentences(f"Fruit | Price\nApples | 3\n{row}\nplums | 4") == [
        "Fruit | Price",
        "Apples | 3",
        row.strip(),
        "plums | 4",
    ]


def test_a_record_is_a_line_or_more_and_never_parted() -> None:
    text = 'no,what,price\n7,"Delivered late. Refund agreed",40\n8,"two\nlines",3\n'
    assert [text[start:end] for start, end in record_spans(text)] == [
        "no,what,price",
        '7,"Delivered late. Refund agreed",40',
        '8,"two\nlines",3',
    ]


def test_a_record_that_is_cut_off_is_what_is_left() -> None:
    assert [span for span in record_spans('7,"late')] == [(0, 7)]
