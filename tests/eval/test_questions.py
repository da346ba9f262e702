from __future__ import annotations

import os
from pathlib import Path

import pytest

from eval import load_questions
from eval.question import Evidence
from inference.errors import QuestionsError


def corpus(folder: Path, *lines: str) -> Path:
    (folder / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_only_id_and_question_are_required(tmp_path: Path) -> None:
    (question,) = load_questions(corpus(tmp_path, '{"id": 7, "question": "Why?"}'))
    assert (question.id, question.answerable, question.answers) == ("7", None, ())


def test_unknown_keys_are_kept(tmp_path: Path) -> None:
    (question,) = load_questions(corpus(tmp_path, '{"id": "1", "question": "Why?", "type": "hard", "hops": 2}'))
    assert question.extra == {"type": "hard", "hops": 2}


def test_the_answer_comes_first_among_its_forms_and_only_once(tmp_path: Path) -> None:
    line = '{"id": "1", "question": "?", "answer": "b", "answers": ["a", "b"]}'
    (question,) = load_questions(corpus(tmp_path, line))
    assert question.answers == ("b", "a")
    assert question.answerable is True


def test_evidence_without_doc_takes_the_question_s(tmp_path: Path) -> None:
    line = '{"id": "1", "question": "?", "doc": "a.pdf", "evidence": [{"page": 3, "text": ["x", "y"], "z": 1}]}'
    (question,) = load_questions(corpus(tmp_path, line))
    assert question.evidence == (Evidence("a.pdf", 3, None, None, "x y"),)
    assert question.level == "page"
    assert question.cluster == "a.pdf"


def test_a_line_separator_inside_a_string_ends_no_line(tmp_path: Path) -> None:
    (question,) = load_questions(corpus(tmp_path, '{"id": "1", "question": "a\u2028b"}', ""))
    assert question.question == "a\u2028b"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('{"id": "2"}', "'question'"),
        ('{"question": "?"}', "'id'"),
        ('{"id": "2", "question": "?", "evidence": [{"doc": "a", "page": 0}]}', "'evidence.0.page'"),
        ('{"id": "2", "question": "?", "evidence": [{"doc": "a", "start": 5, "end": 5}]}', "not after start"),
        ('{"id": "2", "question": "?", "evidence": [{"doc": "a", "start": 5}]}', "go together"),
        ('{"id": "2", "question": "?", "evidence": [{"page": 1}]}', "no doc"),
        ('{"id": "2", "question": "?", "evidence_mode": "some"}', "'evidence_mode'"),
        ('{"id": "1", "question": "again"}', "earlier line"),
        ("{not json", "not JSON"),
        ("[]", "line 2"),
    ],
)
def test_a_bad_line_is_named_with_its_key(tmp_path: Path, line: str, key: str) -> None:
    with pytest.raises(QuestionsError) as caught:
        load_questions(corpus(tmp_path, '{"id": "1", "question": "?"}', line))
    assert str(tmp_path / "questions.jsonl") in caught.value.message
    assert "line 2" in caught.value.message
    assert key in caught.value.message
    assert "line 2" in caught.value.next_step


def test_a_missing_file_says_what_a_corpus_is(tmp_path: Path) -> None:
    with pytest.raises(QuestionsError, match="is not there") as caught:
        load_questions(tmp_path)
    assert "docs/" in caught.value.next_step


def test_the_docs_folder_points_to_its_corpus(tmp_path: Path) -> None:
    docs = corpus(tmp_path, '{"id": "1", "question": "?"}') / "docs"
    docs.mkdir()
    with pytest.raises(QuestionsError) as caught:
        load_questions(docs)
    assert caught.value.next_step.endswith(str(tmp_path))


def test_an_empty_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QuestionsError, match="no question"):
        load_questions(corpus(tmp_path, ""))


DATA = os.environ.get("SPEEDKING_TEST_DATA")


@pytest.mark.skipif(not DATA, reason="SPEEDKING_TEST_DATA names no folder of data sets")
@pytest.mark.parametrize(
    ("name", "count", "level"),
    [
        ("lihua_world", 637, "document"),
        ("scifact", 300, "document"),
        ("hotpotqa200", 200, "span"),
        ("financebench", 65, "page"),
        ("squad2", 11873, "span"),
        ("chunking_evaluation", 472, "span"),
    ],
)
def test_the_public_sets_load_whole(name: str, count: int, level: str) -> None:
    folder = Path(DATA or "") / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not among the data sets")
    questions = load_questions(folder)
    assert len(questions) == count
    assert {question.level for question in questions} == {level}
