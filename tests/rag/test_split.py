from __future__ import annotations

from itertools import pairwise

import pytest

from rag.document import Document, Heading, Page
from rag.encoder import SentenceEncoder
from rag.parse.markdown import headings
from rag.split import Piece, header, split

ROOM = 254


def pieces(encoder: SentenceEncoder, document: Document | str, file: str = "notes.md") -> list[Piece]:
    if isinstance(document, str):
        document = Document.unpaged(document, headings(document))
    return split(document, file, encoder.count_tokens, ROOM)


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
        [f"{piece.header}\n{piece.text}" for piece in pieces(encoder, text, "a" * 200 + ".md")]
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
    assert [piece.heading for piece in pieces(encoder, text)] == ["Tea", "Tea > Green > Sencha", "Tea > Black"]


def test_short_sections_share_a_piece(encoder: SentenceEncoder) -> None:
    assert len(pieces(encoder, "# A\n\nOne.\n\n# B\n\nTwo.\n")) == 1


def test_a_heading_without_text_above_has_no_path(encoder: SentenceEncoder) -> None:
    document = Document.unpaged("Before.\n\nTea\n", (Heading(1, "Tea", 9),))
    assert pieces(encoder, document)[0].heading == ""


def test_the_header_is_the_name_of_the_file_as_words_and_the_headings() -> None:
    assert header("reports/ACME_2022-10K.pdf", "Risk > Fire") == "ACME 2022 10K: Risk > Fire"
    assert header("notes.md", "") == "notes"


def test_a_document_of_white_space_has_no_pieces(encoder: SentenceEncoder) -> None:
    assert pieces(encoder, " \n ") == []
