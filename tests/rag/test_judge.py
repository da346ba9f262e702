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
    assert answer.support is not None
    assert (answer.nearest, answer.struck) == (None, ())


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


@pytest.mark.parametrize("draft", [None, NOT_FOUND])
def test_what_is_refused_names_what_was_looked_for_and_the_nearest_sentence(judge: Judge, draft: str | None) -> None:
    """`draft` None: refused before a model was asked."""
    asked = "Where does Jupiter sell tins?" if draft is None else "Where to keep tea in Jupiter's tins?"
    answer = judge.refusal(asked, NOTES) if draft is None else judge.verdict(asked, draft, NOTES)
    assert answer is not None
    assert answer.nearest is not None
    assert answer.nearest.quote == NOTES[1].text
    assert {"Jupiter", "tins"} <= set(answer.looked_for)


def test_a_question_that_the_passages_support_is_not_refused_before_a_model_is_asked(judge: Judge) -> None:
    assert judge.refusal(ASKED, NOTES) is None


def test_without_a_sentence_there_is_neither_support_nor_a_nearest_one(judge: Judge) -> None:
    answer = judge.refusal(ASKED, [])
    assert answer is not None
    assert (answer.support, answer.nearest, answer.answerable) == (None, None, False)
    assert answer.looked_for == ("degrees", "green", "tea", "brewed")


def test_a_struck_marker_an_unsupported_sentence_and_a_refusal_are_told_apart(judge: Judge) -> None:
    struck = judge.verdict(ASKED, "Green tea is brewed at 80 degrees [2].", NOTES)
    assert (struck.struck, struck.unsupported, len(struck.citations)) == ((2,), (), 1)
    unsupported = judge.verdict(ASKED, "Green tea was invented in Paris by a Dane.", NOTES)
    assert (unsupported.answerable, unsupported.citations, len(unsupported.unsupported)) == (True, (), 1)
    refused = judge.verdict(ASKED, NOT_FOUND, NOTES)
    assert (refused.answerable, refused.unsupported, refused.struck) == (False, (), ())


def test_where_nothing_carries_the_draft_the_documents_nearest_sentence_stands_beside_it(judge: Judge) -> None:
    wrong = "Green tea needs boiling water."
    answer = judge.verdict(ASKED, f"{wrong} [1]", NOTES)
    assert (answer.text, answer.unsupported, answer.citations) == (wrong, (wrong,), ())
    assert answer.nearest is not None
    assert answer.nearest.quote == "Green tea is brewed at 80 degrees."
    assert judge.verdict(ASKED, f"{DRAFT}\n{wrong} [1]", NOTES).nearest is None
