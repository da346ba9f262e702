from __future__ import annotations

import pytest

from rag.encoder import SentenceEncoder
from rag.judge import NOT_FOUND, Judge
from rag.support import Supporter
from tests.rag.small import alike, passages

NOTES = passages("Green tea is brewed at 80 degrees.", "Keep tea in a tin, away from light.")
ASKED = "At how many degrees is green tea brewed?"
DRAFT = "Green tea is brewed at 80 degrees [1]."


@pytest.fixture(scope="module")
def judge(encoder: SentenceEncoder) -> Judge:
    return Judge(Supporter(encoder, alike))


def test_a_supported_question_is_answered_with_verified_citations(judge: Judge) -> None:
    answer = judge.verdict(ASKED, DRAFT, NOTES)
    assert (answer.answerable, answer.unsupported) == (True, ())
    assert [citation.quote for citation in answer.citations] == ["Green tea is brewed at 80 degrees."]
    assert judge.sufficient(answer.support)


@pytest.mark.parametrize("refusal", [NOT_FOUND, f" {NOT_FOUND}.", f"{NOT_FOUND}: {DRAFT}", f"[2] {NOT_FOUND.title()}"])
def test_a_model_may_lower_the_verdict(judge: Judge, refusal: str) -> None:
    answer = judge.verdict(ASKED, refusal, NOTES)
    assert (answer.answerable, answer.text, answer.citations) == (False, "", ())


def test_a_refusal_after_an_answer_is_left_out(judge: Judge) -> None:
    answer = judge.verdict(ASKED, f"{DRAFT}\n{NOT_FOUND}", NOTES)
    assert (answer.answerable, answer.text) == (True, "Green tea is brewed at 80 degrees. [1]")


def test_a_draft_of_nothing_but_markers_is_shown_as_unsupported(judge: Judge) -> None:
    answer = judge.verdict(ASKED, "[1]", NOTES)
    assert (answer.answerable, answer.text, answer.citations, answer.unsupported) == (True, "[1]", (), ("[1]",))


@pytest.mark.parametrize("found", [NOTES, []])
def test_a_model_can_never_raise_it(judge: Judge, found: list[object]) -> None:
    answer = judge.verdict("Who won the chess championship in 1972?", DRAFT, found)  # type: ignore[arg-type]
    assert (answer.answerable, answer.text, answer.citations) == (False, "", ())


def test_without_a_sentence_there_is_no_support(judge: Judge) -> None:
    assert judge.support(ASKED, []) is None
    assert not judge.sufficient(None)
