"""Runs a question set through a system, handed in as one or two callables."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from eval.question import Question
from eval.report import Failure, Place, QuestionRecord, Report, make_report
from eval.retrieval_metrics import MAX_PASSAGES
from eval.score import score_answer, score_retrieval
from eval.scored import AnswerFunction, QuoteFound, RetrieveFunction
from inference.errors import SpeedkingError

OnQuestion = Callable[[QuestionRecord], None]


def evaluate(
    answer: AnswerFunction | None,
    questions: Sequence[Question],
    *,
    retrieve: RetrieveFunction | None = None,
    quote_found: QuoteFound | None = None,
    on_question: OnQuestion | None = None,
    done: Mapping[str, QuestionRecord] | None = None,
) -> Report:
    """Score `answer` and, where it is handed in, `retrieve` (passages best first; the first 40 count).

    `answer` None scores retrieval only. An exception of either is kept on the question's record, and the
    run goes on. `on_question` receives each new record as it is made (to write it down, to show
    progress). `done` holds records of an earlier run by question id: those are not run again.
    """
    done = done or {}
    records = []
    for question in questions:
        if question.id in done:
            records.append(done[question.id])
            continue
        record = _run(question, answer, retrieve, quote_found)
        records.append(record)
        if on_question is not None:
            on_question(record)
    return make_report(records)


def _run(
    question: Question,
    answer: AnswerFunction | None,
    retrieve: RetrieveFunction | None,
    quote_found: QuoteFound | None,
) -> QuestionRecord:
    record = QuestionRecord(
        id=question.id,
        question=question.question,
        cluster=question.cluster,
        gold_answerable=question.answerable,
        extra=question.extra,
    )
    if retrieve is not None:
        record = _attempt("retrieve", record, partial(_retrieve, record, question, retrieve))
    if answer is not None:
        record = _attempt("answer", record, partial(_answer, record, question, answer, quote_found))
    return record


def _retrieve(record: QuestionRecord, question: Question, retrieve: RetrieveFunction) -> QuestionRecord:
    began = time.perf_counter()
    passages = retrieve(question.question)
    seconds = time.perf_counter() - began
    places = tuple(Place(p.file, p.page, p.start, p.end) for p in passages[:MAX_PASSAGES])
    values = {**record.values, **score_retrieval(question, passages)}
    return replace(record, passages=places, values=values, retrieve_s=seconds)


def _answer(
    record: QuestionRecord, question: Question, answer: AnswerFunction, quote_found: QuoteFound | None
) -> QuestionRecord:
    began = time.perf_counter()
    said = answer(question.question)
    seconds = time.perf_counter() - began
    values = {**record.values, **score_answer(question, said, quote_found)}
    record = replace(record, values=values, answer_s=seconds)
    if isinstance(said, str):
        return replace(record, answer=said)
    citations = tuple(Place(c.file, c.page, quote=c.quote) for c in said.citations)
    return replace(record, answer=said.text, answerable=said.answerable, citations=citations)


def _attempt(step: str, record: QuestionRecord, work: Callable[[], QuestionRecord]) -> QuestionRecord:
    try:
        return work()
    except SpeedkingError as error:
        failure = Failure(step, error.kind, error.message, error.next_step)
    except Exception as error:
        failure = Failure(step, type(error).__name__, str(error))
    return replace(record, failures=(*record.failures, failure))
