from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval import Question, load_questions
from eval.scripts.packing import whole
from rag import Passage

TEXT = "Green tea is brewed at 80 degrees. Keep it in a tin."


@pytest.fixture
def question(tmp_path: Path) -> Any:
    (tmp_path / "docs").mkdir()

    def make(**given: Any) -> Question:
        row = json.dumps({"id": "1", "question": "At how many degrees?", **given})
        (tmp_path / "questions.jsonl").write_text(row, encoding="utf-8")
        return load_questions(tmp_path)[0]

    return make


def shown(*spans: tuple[int, int], file: str = "tea.md", page: int | None = None) -> list[Passage]:
    return [Passage(n, file, page, "", start, end, TEXT[start:end]) for n, (start, end) in enumerate(spans)]


def test_a_span_is_whole_when_the_passages_of_its_file_hold_it_together(question: Any) -> None:
    asked = question(answer="80", evidence=[{"doc": "tea.md", "start": 0, "end": 34, "text": TEXT[:34]}])
    assert whole(asked, shown((0, 20), (20, 52)))
    assert not whole(asked, shown((0, 20)))
    assert not whole(asked, shown((0, 52), file="coffee.md"))


def test_words_count_on_the_gold_pages_alone(question: Any) -> None:
    asked = question(answer="80", evidence=[{"doc": "tea.pdf", "page": 3, "text": "brewed at 80 degrees"}])
    assert whole(asked, shown((0, 34), file="tea.pdf", page=3))
    assert not whole(asked, shown((0, 34), file="tea.pdf", page=4))


def test_where_files_are_named_every_word_of_the_answer_must_stand_there(question: Any) -> None:
    asked = question(answer="80 degrees", evidence_docs=["tea.md"])
    assert whole(asked, shown((0, 34)))
    assert not whole(asked, shown((35, 52)))
    assert whole(question(answer="Yes", evidence_docs=["tea.md"]), shown((0, 34))) is None
