"""The handbook's questions rest on its documents, and its PDF comes from the script beside it."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pypdfium2
import pytest
import reportlab
from bs4 import BeautifulSoup

from tests.corpora.wording import content_words, fold

CORPORA = Path(__file__).parents[2] / "corpora"
DOCS = CORPORA / "handbook" / "docs"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (CORPORA / "handbook" / "questions.jsonl").read_text("utf-8").splitlines()
]


def evidence(kind: str | None = None) -> list[Any]:
    chosen = [q for q in QUESTIONS if q["answerable"] and kind in (None, q["kind"])]
    return [pytest.param(q, e, id=q["id"]) for q in chosen for e in q["evidence"]]


def pdf_pages(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        return [fold(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_handbook_pdf", CORPORA / "make_handbook_pdf.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_forty_questions_of_three_kinds_with_ids_in_order() -> None:
    assert [q["id"] for q in QUESTIONS] == [f"hb-{n:02d}" for n in range(1, 41)]
    assert Counter(q["kind"] for q in QUESTIONS) == {"direct": 20, "paraphrased": 10, "unanswerable": 10}
    assert len({q["question"] for q in QUESTIONS}) == 40


def test_every_document_is_evidence_and_pdf_and_html_have_their_share() -> None:
    places = [(e["doc"], e["page"]) for q in QUESTIONS for e in q["evidence"]]
    assert {doc for doc, _ in places} == {path.name for path in DOCS.iterdir()}
    assert sum(page is not None and page > 1 for _, page in places) >= 6
    assert sum(doc.endswith(".html") for doc, _ in places) >= 3


@pytest.mark.parametrize(("question", "item"), evidence())
def test_evidence_stands_in_its_document_and_holds_the_answer(question: dict[str, Any], item: dict[str, Any]) -> None:
    path, text = DOCS / item["doc"], item["text"]
    if path.suffix == ".md":
        content = path.read_bytes().decode("utf-8")
        assert content[item["start"] : item["end"]] == text, f"it now starts at {content.find(text)}"
    elif path.suffix == ".pdf":
        assert text in pdf_pages(path)[item["page"] - 1]
    else:
        assert text in fold(BeautifulSoup(path.read_text("utf-8"), "lxml").get_text())
    assert question["doc"] == item["doc"]
    assert question["answer"] in question["answers"]
    assert fold(question["answer"]) in fold(text)


@pytest.mark.parametrize(("question", "item"), evidence("paraphrased"))
def test_a_paraphrase_shares_no_content_word_with_its_evidence(question: dict[str, Any], item: dict[str, Any]) -> None:
    assert content_words(question["question"]) & content_words(item["text"]) == set()


def test_the_stemmer_sees_through_inflection() -> None:
    assert content_words("It writes tokens") == content_words("Writing a token")
    assert content_words("stopped") == content_words("stopping")


def test_unanswerable_questions_name_no_answer_and_no_place() -> None:
    for question in QUESTIONS:
        if question["kind"] == "unanswerable":
            assert question["answerable"] is False
            assert (question["answer"], question["answers"], question["evidence"]) == (None, [], [])


@pytest.mark.parametrize("term", ["4080", "mirostat", "watt", "TREC-COVID", "API key", "pdfplumber"])
def test_what_unanswerable_questions_ask_for_stands_nowhere(term: str) -> None:
    pages = pdf_pages(DOCS / "hardware-guide.pdf")
    texts = [path.read_text("utf-8") for path in DOCS.iterdir() if path.suffix != ".pdf"]
    assert not [text for text in pages + texts if term.lower() in text.lower()]


def test_the_script_makes_the_committed_pdf(tmp_path: Path) -> None:
    made, committed = tmp_path / "guide.pdf", DOCS / "hardware-guide.pdf"
    module = script()
    module.build(made)
    if reportlab.__version__ == module.MADE_WITH:
        assert made.read_bytes() == committed.read_bytes()
    assert pdf_pages(made) == pdf_pages(committed)


def test_the_pdf_has_an_outline_and_page_numbers() -> None:
    document = pypdfium2.PdfDocument(DOCS / "hardware-guide.pdf")
    titles = [bookmark.get_title() for bookmark in document.get_toc()]
    document.close()
    pages = pdf_pages(DOCS / "hardware-guide.pdf")
    assert "4. Reported decode rates" in titles
    assert 5 <= len(pages) <= 7
    assert all(f"Page {number}" in page for number, page in enumerate(pages, start=1))
