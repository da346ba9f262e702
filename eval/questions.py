"""Reads a question set: CORPUS/questions.jsonl, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from eval.question import Evidence, EvidenceMode, Question
from inference.errors import QuestionsError

FILE_NAME = "questions.jsonl"


class _EvidenceLine(BaseModel):
    model_config = ConfigDict(extra="ignore")

    doc: str | None = None
    page: int | None = Field(default=None, ge=1)
    start: int | None = Field(default=None, ge=0)
    end: int | None = None
    text: str | list[str] | None = None

    @model_validator(mode="after")
    def _span_is_whole(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end go together")
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError(f"end {self.end} is not after start {self.start}")
        return self


class _QuestionLine(BaseModel):
    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    id: str = Field(min_length=1)
    question: str = Field(min_length=1)
    answer: str | None = None
    answers: list[str] = []
    answerable: bool | None = None
    doc: str | None = None
    evidence: list[_EvidenceLine] = []
    evidence_docs: list[str] = []
    evidence_mode: EvidenceMode = "all"

    @model_validator(mode="after")
    def _evidence_names_a_document(self) -> Self:
        if self.doc is None and any(place.doc is None for place in self.evidence):
            raise ValueError("evidence without doc, and the question has no doc either")
        return self

    def to_question(self) -> Question:
        answers = tuple(dict.fromkeys([*([self.answer] if self.answer else []), *self.answers]))
        return Question(
            id=self.id,
            question=self.question,
            answer=self.answer,
            answers=answers,
            answerable=True if self.answerable is None and answers else self.answerable,
            doc=self.doc,
            evidence=tuple(self._evidence(line) for line in self.evidence),
            evidence_docs=tuple(self.evidence_docs),
            evidence_mode=self.evidence_mode,
            extra=self.model_extra or {},
        )

    def _evidence(self, line: _EvidenceLine) -> Evidence:
        text = " ".join(line.text) if isinstance(line.text, list) else line.text
        return Evidence(line.doc or self.doc or "", line.page, line.start, line.end, text)


def load_questions(corpus: Path | str) -> tuple[Question, ...]:
    """The questions of `corpus`/questions.jsonl, in the order of the file.

    Raises QuestionsError where the file is missing or empty, or a line cannot be read or repeats an id.
    """
    path = Path(corpus) / FILE_NAME
    found: dict[str, Question] = {}
    for number, line in _lines(path):
        question = _parse(path, number, line)
        if question.id in found:
            raise _bad(path, number, "id", f"{question.id!r} stands on an earlier line already")
        found[question.id] = question
    if not found:
        raise QuestionsError(f"{path} holds no question", next_step=_HOW)
    return tuple(found.values())


_HOW = 'write one JSON object a line, at least {"id": "1", "question": "…"}'


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise QuestionsError(f"{path} is not there", next_step=_where_instead(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError(f"{path} cannot be read: {error}", next_step="save it as UTF-8 text") from error
    # Not splitlines: it also splits at U+2028 and its like, which JSON allows inside a string.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _where_instead(path: Path) -> str:
    above = path.parent.parent
    if (above / FILE_NAME).is_file():
        return f"hand in the corpus, not its documents: speedking eval {above}"
    return f"a corpus is a folder with {FILE_NAME} and docs/ in it; {_HOW}"


def _parse(path: Path, number: int, line: str) -> Question:
    try:
        data: Any = json.loads(line)
    except ValueError as error:
        raise _bad(path, number, None, f"not JSON: {error}") from None
    try:
        return _QuestionLine.model_validate(data).to_question()
    except ValidationError as error:
        first = error.errors()[0]
        raise _bad(path, number, ".".join(map(str, first["loc"])), first["msg"]) from None


def _bad(path: Path, number: int, key: str | None, what: str) -> QuestionsError:
    where = f"{path}, line {number}" + (f", key {key!r}" if key else "")
    return QuestionsError(f"{where}: {what}", next_step=f"correct line {number}; {_HOW}")
