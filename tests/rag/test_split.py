from __future__ import annotations

from itertools import pairwise

import pytest

from rag.document import Document, Heading, Page, Table
from rag.encoder import SentenceEncoder
from rag.parse.markdown import structure
from rag.split import TARGET_TOKENS, Piece, header, split

ROOM = 254


def pieces(
    encoder: SentenceEncoder, document: Document | str, file: str = "notes.md", target: int = TARGET_TOKENS
) -> list[Piece]:
    if isinstance(document, str):
        document = Document.unpaged(document, *structure(document))
    return split(document, file, encoder.count_tokens, ROOM, target_tokens=target)


TEXTS = {
    "sentences": "One of them says what tea it is and how hot. " * 200,
    "unbroken": "x" * 50_000,
    "dense at the end": "internationalization " * 100 + "!" * 1_000,
    "short words": "a b c d e f " * 500,
    "a paragraph as heading": "# " + "heading " * 300 + "\n\n" + "It says more. " * 300,
    "without blanks": "漢字" * 2_000,
    "a table": "| tea | 80 |\n" * 400,
    "blanks": " " * 3_000 + "x" + "\n" * 3_000 + "y",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_header_and_text_fit_the_encoder(encoder: SentenceEncoder, text: str) -> None:
    counts = encoder.count_tokens(
        [f"{piece.header}\n{piece.columns}\n{piece.text}" for piece in pieces(encoder, text, "a" * 200 + ".md")]
    )
    assert max(counts) <= ROOM


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_pieces_are_the_text_at_their_spans_in_order_and_lose_only_white_space(
    encoder: SentenceEncoder, text: str
) -> None:
    made = pieces(encoder, text)
    assert all(piece.text == text[piece.start : piece.end] for piece in made)
    assert all(one.end <= other.start for one, other in pairwise(made))
    assert "".join("".join(piece.text for piece in made).split()) == "".join(text.split())


def test_no_piece_is_longer_than_a_reader_can_take(encoder: SentenceEncoder) -> None:
    # To the encoder a word of a hundred letters and more is one unknown token.
    assert max(len(piece.text) for piece in pieces(encoder, TEXTS["unbroken"])) <= 16 * ROOM


def test_no_piece_crosses_a_page(encoder: SentenceEncoder) -> None:
    text = "Tea is hot and\nit is green too.\n"
    pages = (Page(1, 0, 15), Page(2, 15, len(text)))
    assert [(piece.page, piece.text) for piece in pieces(encoder, Document(text, pages))] == [
        (1, "Tea is hot and"),
        (2, "it is green too."),
    ]


def test_a_piece_knows_the_path_of_its_headings(encoder: SentenceEncoder) -> None:
    section = "It is said here at some length what is meant. " * 10
    text = f"# Tea\n\n## Green\n\n{section}\n\n### Sencha\n\n{section}\n\n## Black\n\n{section}\n"
    assert [piece.heading for piece in pieces(encoder, text)] == [
        "Tea > Green",
        "Tea > Green > Sencha",
        "Tea > Black",
    ]


def test_a_page_that_fits_the_encoder_stays_whole(encoder: SentenceEncoder) -> None:
    text = "# A\n\n" + "One of them. " * 35 + "\n\n# B\n\n" + "Two of them. " * 15
    assert len(pieces(encoder, text)) == 1


def test_pieces_are_about_as_long_as_asked_for(encoder: SentenceEncoder) -> None:
    text = "One of them says what tea it is and how hot. " * 200
    for target in (60, 120, 200):
        counts = encoder.count_tokens([piece.text for piece in pieces(encoder, text, target=target)])
        assert all(0.9 * target < count < 1.5 * target for count in counts)


def test_a_piece_ends_with_a_paragraph_rather_than_a_sentence(encoder: SentenceEncoder) -> None:
    paragraphs = ["One of them says what tea it is. " * count for count in (11, 17, 13, 16, 12)]
    made = pieces(encoder, "\n\n".join(paragraphs))
    assert [piece.text for piece in made] == [paragraph.strip() for paragraph in paragraphs]


def test_a_heading_and_a_line_with_a_colon_stay_with_what_follows(encoder: SentenceEncoder) -> None:
    text = "It is one of them. " * 30 + "\n\n## Tea\n\nIn the tin are:\n\n" + "- leaves of one of them\n" * 60
    made = pieces(encoder, text)
    assert len(made) > 3
    assert not any(piece.text.endswith(("## Tea", ":")) for piece in made)


def test_a_heading_without_text_above_has_no_path(encoder: SentenceEncoder) -> None:
    document = Document.unpaged("Before.\n\nTea\n", (Heading(1, "Tea", 9),))
    assert pieces(encoder, document)[0].heading == ""


def test_the_header_is_the_name_of_the_file_as_words_and_the_headings() -> None:
    assert header("reports/ACME_2022-10K.pdf", "Risk > Fire") == "ACME 2022 10K: Risk > Fire"
    assert header("notes.md", "") == "notes"


def test_a_document_of_white_space_has_no_pieces(encoder: SentenceEncoder) -> None:
    assert pieces(encoder, " \n ") == []


def table(rows: int) -> str:
    return "| Tea | Degrees |\n|---|---|\n" + "".join(f"| green tea number {row} | 8{row} |\n" for row in range(rows))


def test_a_table_that_fits_stays_whole_with_the_line_above_it(encoder: SentenceEncoder) -> None:
    above, below = "It is one of them. " * 40, "So it is. " * 60
    made = pieces(encoder, f"{above}\n\nDegrees of teas.\n\n{table(14)}\n{below}")
    (holding,) = [piece for piece in made if "number" in piece.text]
    assert holding.text == f"Degrees of teas.\n\n{table(14)}".strip()
    assert holding.columns == ""


def test_a_longer_table_is_parted_between_rows_and_its_header_goes_along(encoder: SentenceEncoder) -> None:
    made = pieces(encoder, f"Degrees of teas.\n\n{table(60)}")
    assert len(made) > 3
    assert made[0].text.startswith("Degrees of teas.\n\n| Tea | Degrees |\n|---|---|\n| green tea number 0 |")
    assert made[0].columns == ""
    assert all(piece.text.startswith("| green") and piece.text.endswith(" |") for piece in made[1:])
    assert {piece.columns for piece in made[1:]} == {"| Tea | Degrees |"}


def test_a_table_without_header_lends_no_columns(encoder: SentenceEncoder) -> None:
    text = "".join(f"green tea number {row} | 8{row}\n" for row in range(90))
    made = pieces(encoder, Document.unpaged(text, tables=(Table(0, len(text), 0),)))
    assert len(made) > 3
    assert {piece.columns for piece in made} == {""}


def test_what_follows_a_table_has_no_columns(encoder: SentenceEncoder) -> None:
    made = pieces(encoder, f"{table(60)}\n\n" + "So it is with one of them. " * 40)
    assert made[-1].columns == ""
    assert "number" not in made[-1].text


@pytest.mark.parametrize(
    "text",
    [
        "| " + "tea and more | " * 150 + "\n|" + "---|" * 150 + "\n" + ("| " + "80 | " * 150 + "\n") * 3,
        "| Tea |\n|---|\n| " + "It is one of them. " * 200 + " |\n| 80 |\n",
    ],
    ids=["a header row as long as a page", "a row as long as a page"],
)
def test_tables_of_any_shape_fit_the_encoder(encoder: SentenceEncoder, text: str) -> None:
    made = pieces(encoder, f"# Tea\n\n{text}", "a" * 200 + ".md")
    assert max(encoder.count_tokens([f"{piece.header}\n{piece.columns}\n{piece.text}" for piece in made])) <= ROOM
    assert "".join("".join(piece.text for piece in made).split()) == "".join(f"# Tea{text}".split())
