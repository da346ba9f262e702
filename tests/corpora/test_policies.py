"""The policies' questions rest on their documents, and the office files come from the script beside them."""

from __future__ import annotations

import importlib.util
import json
import re
import zipfile
from collections import Counter
from datetime import date, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import pytest

from eval.questions import load_questions
from rag.document import Document
from rag.parse import parse
from tests.corpora.wording import content_words, fold

CORPORA = Path(__file__).parents[2] / "corpora"
CORPUS = CORPORA / "policies"
DOCS = CORPUS / "docs"
NAMES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*") if path.is_file())
OFFICE = [name for name in NAMES if name.endswith((".docx", ".xlsx", ".pdf"))]
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (CORPUS / "questions.jsonl").read_text("utf-8").splitlines()
]
OUTDATED = {"intranet/staff-faq.html", "finance/price-list-2023.csv"}
"""Documents that only mislead."""
FAMILIES = ("travel/travel-and-expenses", "people/remote-work")
"""How the names of the versions of one document begin."""


@cache
def document(name: str) -> Document:
    parsed = parse(DOCS / name)
    assert parsed.outcome == "indexed", parsed.reason
    assert parsed.document is not None
    return parsed.document


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(question, id=question["id"]) for question in QUESTIONS if question["kind"] in kinds]


@cache
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_policies_office", CORPORA / "make_policies_office.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("made")
    script().build(target)
    return target


def test_there_are_forty_questions_of_six_kinds_with_ids_in_order() -> None:
    assert [q["id"] for q in QUESTIONS] == [f"po-{n:02d}" for n in range(1, 41)]
    kinds = {"direct": 10, "paraphrased": 8, "table": 6, "two-document": 6, "version": 4, "unanswerable": 6}
    assert Counter(q["kind"] for q in QUESTIONS) == kinds
    assert len({q["question"] for q in QUESTIONS}) == 40
    assert len(load_questions(CORPUS)) == 40


def test_every_document_but_those_that_mislead_is_evidence() -> None:
    assert {e["doc"] for q in QUESTIONS for e in q["evidence"]} == set(NAMES) - OUTDATED


@pytest.mark.parametrize("name", NAMES)
def test_every_document_is_read_whole_and_small(name: str) -> None:
    assert len(document(name).text) > 1_000
    assert (DOCS / name).stat().st_size < 60_000


@pytest.mark.parametrize("question", of_kind("direct", "paraphrased", "table", "two-document", "version"))
def test_evidence_stands_in_its_document_once_and_holds_the_answer(question: dict[str, Any]) -> None:
    for item in question["evidence"]:
        read = document(item["doc"])
        assert read.text[item["start"] : item["end"]] == item["text"], (
            f"it now starts at {read.text.find(item['text'])}"
        )
        assert read.text.count(item["text"]) == 1
        (page,) = [page for page in read.pages if page.start <= item["start"] < page.end]
        assert item["page"] == page.number
    assert question["answer"] == question["answers"][0]
    assert question["doc"] == question["evidence"][-1]["doc"]
    if not question.get("computed"):
        assert fold(question["answer"]) in fold(question["evidence"][-1]["text"])


@pytest.mark.parametrize("question", of_kind("paraphrased"))
def test_a_paraphrase_shares_no_content_word_with_its_evidence_but_names(question: dict[str, Any]) -> None:
    names = re.findall(r"(?<=\s)[A-Z]\w+", question["question"])
    (item,) = question["evidence"]
    assert content_words(question["question"]) & content_words(item["text"]) <= content_words(" ".join(names))


@pytest.mark.parametrize("question", of_kind("table"))
def test_a_question_on_a_table_has_its_evidence_in_one(question: dict[str, Any]) -> None:
    (item,) = question["evidence"]
    tables = document(item["doc"]).tables  # pages of a PDF have none
    inside = [table for table in tables if table.header_end <= item["start"] and item["end"] <= table.end]
    assert inside or item["doc"].endswith(".pdf")


@pytest.mark.parametrize("question", of_kind("two-document"))
def test_a_question_over_two_documents_has_evidence_in_two(question: dict[str, Any]) -> None:
    assert len({item["doc"] for item in question["evidence"]}) == 2


def test_the_computed_answer_is_the_difference_of_its_rows() -> None:
    (question,) = [q for q in QUESTIONS if q.get("computed")]
    before, after = (float(item["text"].split("|")[2]) for item in question["evidence"])
    assert f"{after - before:.1f}" == question["answer"]


@pytest.mark.parametrize("question", of_kind("version"))
def test_the_version_that_answers_is_the_newest_in_force(question: dict[str, Any]) -> None:
    (begin,) = [begin for begin in FAMILIES if question["doc"].startswith(begin)]
    family = [name for name in NAMES if name.startswith(begin)]
    in_force = {name: in_force_from(document(name).text) for name in family}
    assert len(family) >= 2
    assert question["version"] in document(question["doc"]).text.replace("AMENDMENT", "Amendment")
    assert in_force[question["doc"]] == date.fromisoformat(question["in_force"])
    as_of = date.fromisoformat(question["as_of"])
    assert question["doc"] == max((name for name in family if in_force[name] <= as_of), key=in_force.__getitem__)


def in_force_from(text: str) -> date:
    found = re.search(r"In force from[ |:]+(\d+ \w+ \d{4})", text)
    assert found is not None
    return datetime.strptime(found[1], "%d %B %Y").date()


def test_unanswerable_questions_name_no_answer_and_no_place() -> None:
    for question in QUESTIONS:
        if question["kind"] == "unanswerable":
            assert question["answerable"] is False
            assert (question["answer"], question["answers"], question["evidence"]) == (None, [], [])


@pytest.mark.parametrize(
    ("term", "names"),
    [
        ("supplement for asia", set()),
        ("end of 2019", set()),
        ("brandelow", {"board/minutes-2023-03-09.txt", "board/minutes-2024-02-29.txt"}),
        ("adopti", set()),
        ("flowsentry 150", set()),
        ("scope 3", {"reports/annual-report-2023.pdf"}),
    ],
)
def test_what_unanswerable_questions_ask_for_stands_nowhere_or_only_where_it_does_not_answer(
    term: str, names: set[str]
) -> None:
    assert {name for name in NAMES if term in fold(document(name).text).lower()} == names


@pytest.mark.parametrize("name", OFFICE)
def test_the_script_makes_the_committed_office_files(name: str, made: Path) -> None:
    again, committed = parse(made / name).document, document(name)
    assert again == committed
    if all(version(library) == number for library, number in script().MADE_WITH.items()):
        assert contents(made / name) == contents(DOCS / name)


def contents(path: Path) -> dict[str, bytes]:
    """Archives part by part: how they are packed depends on the machine's zlib."""
    if path.suffix == ".pdf":
        return {"": path.read_bytes()}
    with zipfile.ZipFile(path) as archive:
        return {part.filename + str(part.date_time): archive.read(part) for part in archive.infolist()}


def test_the_budgets_have_formulas_with_their_values_and_merged_headers() -> None:
    for year, total in (("2023", 77_000), ("2024", 81_800)):
        path = DOCS / "finance" / f"budget-{year}.xlsx"
        formulas, values = (openpyxl.load_workbook(path, data_only=stored) for stored in (False, True))
        assert formulas["Summary"]["B12"].value == "='Operating costs'!G16"
        assert values["Summary"]["B12"].value == total
        assert {str(cells) for cells in formulas["Operating costs"].merged_cells.ranges} == {"C4:D4", "E4:F4"}


@pytest.mark.parametrize("name", [name for name in NAMES if "annual-report" in name])
@pytest.mark.parametrize(
    "parts",
    [
        ("Northern Europe", "Southern Europe", "North America", "Asia-Pacific"),
        ("Flow meters", "Pressure loggers", "Leak detection", "Services"),
        ("Ghent", "Porto", "Penang", "Milwaukee", "Field and home-based"),
    ],
    ids=["regions", "lines", "sites"],
)
def test_the_annual_reports_add_up(name: str, parts: tuple[str, ...]) -> None:
    text = document(name).text.replace(",", "")
    rows = dict(re.findall(r"^[| ]*([A-Z][A-Za-z -]+?)[ |]+(\d+\.\d|\d+) ", text, re.MULTILINE))
    revenue, people = re.findall(r"^[| ]*Group[ |]+(\S+)", text, re.MULTILINE)
    total = people if "Ghent" in parts else revenue
    assert sum(float(rows[part]) for part in parts) == pytest.approx(float(total))
