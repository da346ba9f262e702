from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.language import asked_in, foreign_share, language_of, language_warning, question_warning

ENGLISH = (
    "The lease begins on the first of January and ends on the last day of the year, unless one of the parties extends"
    " it in writing before that day."
)
GERMAN = (
    "Der Mietvertrag beginnt am ersten Januar und endet am letzten Tag des Jahres, sofern er nicht von einer der beiden"
    " Parteien schriftlich verlängert wird."
)
TABLE = "Berlin 12 14 Paris 9 8 Rom 7 7"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "English"),
        (GERMAN, "German"),
        (
            "Le contrat de location commence le premier janvier et prend fin le dernier jour de l'année, sauf si l'une"
            " des parties le prolonge par écrit dans les délais.",
            "French",
        ),
        (
            "El contrato de arrendamiento comienza el primero de enero y termina el último día del año, a menos que"
            " una de las partes lo prorrogue por escrito.",
            "Spanish",
        ),
        (
            "O contrato de arrendamento começa no dia primeiro de janeiro e termina no último dia do ano, se uma das"
            " partes não o prorrogar por escrito.",
            "Portuguese",
        ),
        ("租约从一月一日开始，到十二月三十一日结束。", "Chinese"),
        ("契約は一月一日に始まり、十二月三十一日に終わります。", "Japanese"),
        ("임대 계약은 1월 1일에 시작됩니다", "Korean"),
        ("Договор аренды начинается первого января", "Russian or another language in Cyrillic script"),
        ("يبدأ عقد الإيجار في الأول من يناير", "Arabic or Persian"),
        (TABLE, None),
        ("", None),
    ],
)
def test_the_language_of_a_text(text: str, language: str | None) -> None:
    assert language_of(text) == language


CODE = """
for (int i = 0; i < n; i++) { a[i] = b[i] * c; }
def total(rows): return sum(row.price for row in rows if row.price is not None)
w, z, o = e.find("x"), i + 1, self.items[i].name
"""


def test_code_is_not_taken_for_another_language() -> None:
    assert language_of(CODE * 3) in (None, "English")


def test_the_share_is_of_the_texts_that_could_be_told() -> None:
    share = foreign_share([ENGLISH, TABLE, GERMAN, TABLE, ENGLISH, ENGLISH])
    assert (share.foreign, share.language, share.texts) == (0.25, "German", 4)


def test_a_foreign_folder_with_an_english_encoder_is_told_with_a_way_out() -> None:
    warning = language_warning([GERMAN] * 3 + [ENGLISH], "all-MiniLM-L6-v2")
    assert warning is not None
    assert "75% of the texts seem to be German" in warning
    assert "multilingual-e5-small" in warning


def test_a_few_foreign_texts_are_not_worth_a_word() -> None:
    assert language_warning([ENGLISH] * 9 + [GERMAN], "all-MiniLM-L6-v2") is None


@pytest.mark.parametrize("texts", [[], [TABLE]])
def test_nothing_is_claimed_of_what_cannot_be_told(texts: list[str]) -> None:
    assert language_warning(texts, "all-MiniLM-L6-v2") is None


@pytest.mark.parametrize(
    ("encoder", "english"),
    [
        ("all-MiniLM-L6-v2", True),
        ("BAAI/bge-small-en-v1.5", True),
        ("ollama:mxbai-embed-large:latest", True),
        ("ollama:nomic-embed-text:latest", True),
        ("intfloat/multilingual-e5-small", False),
        ("ollama:bge-m3:latest", False),
        ("ollama:snowflake-arctic-embed2:latest", False),
        ("nomic-ai/nomic-embed-text-v2-moe", False),
        ("paraphrase-multilingual-MiniLM-L12-v2", False),
    ],
)
def test_only_encoders_known_for_english_alone_are_warned_of(encoder: str, english: bool) -> None:
    assert (language_warning([GERMAN], encoder) is not None) == english


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wann endet der Mietvertrag?", "German"),
        ("Wie hoch ist die Miete", "German"),
        ("Quel est le prix de la réparation ?", "French"),
        ("¿Cuánto cuesta la calibración?", "Spanish"),
        ("Qual é o prazo para o pagamento?", "Portuguese"),
        ("Quanti giorni di ferie hanno i dipendenti?", "Italian"),
        ("Hoe hoog is de huur?", "Dutch"),
        ("员工有多少天年假？", "Chinese"),
        ("When does the lease end?", None),
        ("Who wrote Wie es ist, and who die Welt von gestern?", None),
        ("Como la Flor singer", None),
        ("de la Cruz salary", None),
        ("Que Sera Sera", None),
        ("annual leave", None),
        ("", None),
    ],
)
def test_the_language_of_a_question_is_told_only_where_it_is_sure(question: str, language: str | None) -> None:
    assert asked_in(question) == language


def test_no_english_question_is_taken_for_another() -> None:
    files = (Path(__file__).parents[2] / "corpora").glob("*/questions.jsonl")
    questions = [json.loads(line)["question"] for file in files for line in file.read_text("utf-8").splitlines()]
    assert questions
    assert [question for question in questions if asked_in(question)] == []


def test_a_question_that_the_encoder_does_not_read_is_told_with_a_way_out() -> None:
    warning = question_warning("Wann endet der Mietvertrag?", "all-MiniLM-L6-v2")
    assert warning is not None
    assert warning.startswith("the question seems to be German")
    assert "multilingual-e5-small" in warning
    assert question_warning("Wann endet der Mietvertrag?", "intfloat/multilingual-e5-small") is None
