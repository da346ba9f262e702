from __future__ import annotations

from pathlib import Path

import pypdf
from pypdf.generic import RectangleObject

from rag.document import Document
from rag.parse import parse
from rag.parse.pdf import parse_pdf
from tests.rag.small import encrypt, write_pdf
from tests.rag.test_real_documents import data


def document(path: Path) -> Document:
    parsed = parse_pdf(path)
    assert parsed.document is not None, parsed.reason
    return parsed.document


def test_pages_are_numbered_from_one_and_lie_side_by_side(tmp_path: Path) -> None:
    read = document(write_pdf(tmp_path / "tea.pdf", "Green tea\nis hot.", "", "Black tea."))
    assert [page.number for page in read.pages] == [1, 2, 3]
    assert [read.text[page.start : page.end] for page in read.pages] == ["Green tea\nis hot.\n", "\n", "Black tea.\n"]
    assert [page.start for page in read.pages] == [0, *(page.end for page in read.pages[:-1])]
    assert read.pages[-1].end == len(read.text)


def test_what_lies_outside_of_the_page_is_not_read(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "tea.pdf", "Green tea\nis hot.")
    writer = pypdf.PdfWriter(clone_from=path)
    writer.pages[0].cropbox = RectangleObject((0, 745, 600, 800))
    writer.write(path)
    assert document(path).text == "Green tea\n"


def test_words_of_narrow_columns_are_not_glued_together() -> None:
    read = document(data("financebench") / "docs" / "PFIZER_2021_10K.pdf")
    page = read.pages[44]
    assert "CMA\nDec. 2020" in read.text[page.start : page.end]


def test_the_outline_becomes_headings_at_their_pages(tmp_path: Path) -> None:
    read = document(write_pdf(tmp_path / "tea.pdf", "One.", "Two.", outline=[("Tea", 0), ("Green", 1)]))
    assert [(heading.level, heading.title, heading.start) for heading in read.headings] == [
        (1, "Tea", 0),
        (2, "Green", read.pages[1].start),
    ]


def test_aes_with_an_empty_password_is_read(tmp_path: Path) -> None:
    assert "Green tea" in document(encrypt(write_pdf(tmp_path / "tea.pdf", "Green tea"), "")).text


def test_a_password_is_named_as_the_reason(tmp_path: Path) -> None:
    parsed = parse_pdf(encrypt(write_pdf(tmp_path / "tea.pdf", "Green tea"), "secret"))
    assert (parsed.outcome, parsed.document) == ("encrypted", None)
    assert parsed.reason is not None
    assert "password" in parsed.reason


def test_a_damaged_file_after_an_encrypted_one_is_not_taken_for_it(tmp_path: Path) -> None:
    parse_pdf(encrypt(write_pdf(tmp_path / "tea.pdf", "Green tea"), "secret"))
    path = write_pdf(tmp_path / "damaged.pdf", "Green tea")
    path.write_bytes(path.read_bytes().replace(b"/Pages", b"/Pxges"))
    assert parse_pdf(path).outcome == "failed"


def test_a_file_that_was_cut_off_is_failed_or_partial_never_whole(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "tea.pdf", *(f"Page {number} of tea." for number in range(20)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    parsed = parse_pdf(path)
    assert parsed.outcome in ("failed", "partial")
    assert parsed.reason is not None
    assert "damaged" in parsed.reason


def test_a_file_that_is_no_pdf_is_failed(tmp_path: Path) -> None:
    path = tmp_path / "tea.pdf"
    path.write_bytes(b"tea " * 100)
    assert parse_pdf(path).outcome == "failed"


def test_a_file_of_zero_bytes_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "tea.pdf"
    path.touch()
    assert (parse(path).outcome, parse(path).reason) == ("no_text", "the file is empty")


def test_blank_pages_are_no_text_with_their_number(tmp_path: Path) -> None:
    parsed = parse_pdf(write_pdf(tmp_path / "scan.pdf", "", ""))
    assert (parsed.outcome, parsed.document) == ("no_text", None)
    assert parsed.reason is not None
    assert parsed.reason.startswith("2 pages without text")
