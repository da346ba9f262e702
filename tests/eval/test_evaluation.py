from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from eval import Question, QuestionRecord, evaluate, slices, to_json
from eval.question import Evidence
from inference.errors import EngineUnavailableError


@dataclass(frozen=True)
class Cited:
    file: str
    page: int | None
    quote: str = "quote"


@dataclass(frozen=True)
class Said:
    text: str
    citations: tuple[Cited, ...] = ()
    answerable: bool = True


@dataclass(frozen=True)
class Found:
    file: str
    page: int | None
    start: int = 0
    end: int = 10


@dataclass
class Script:
    """A system whose every answer is written down beforehand."""

    said: dict[str, str | Said | Exception]
    asked: list[str] = field(default_factory=list)

    def __call__(self, question: str) -> str | Said:
        self.asked.append(question)
        answer = self.said[question]
        if isinstance(answer, Exception):
            raise answer
        return answer


RUSH = Question("1", "Which band?", "Rush", ("Rush",), True, "a.pdf", (Evidence("a.pdf", 2),), extra={"type": "x"})
TWELVE = Question("2", "How many?", "12", ("12",), True, "b.pdf", (Evidence("b.pdf", 5), Evidence("b.pdf", 6)))
UNTOLD = Question("3", "Who knows?", answerable=False)
UNTOLD_TOO = Question("4", "Who else?", answerable=False)


def test_every_score_by_hand() -> None:
    system = Script(
        {
            "Which band?": Said("Rush [1] [2].", (Cited("a.pdf", 2), Cited("a.pdf", 9))),
            "How many?": Said("The documents do not say.", (), False),
            "Who knows?": Said("Nobody.", (Cited("a.pdf", 1),)),
            "Who else?": Said("Not told.", (), False),
        }
    )
    report = evaluate(system, [RUSH, TWELVE, UNTOLD, UNTOLD_TOO])
    means = {name: (estimate.mean, estimate.n) for name, estimate in report.scores.items()}
    assert means == {
        "exact_match": (0.5, 2),  # markers are not scored; a refusal is a wrong answer
        "token_f1": (0.5, 2),
        "contains_answer": (0.5, 2),
        "numeric_match": (0, 1),  # only "12" is a number
        "citation_support": (0.5, 1),  # page 2 of pages 2 and 9; the refusal shows none
        "citation_recall": (0.5, 2),  # 1 of 1 and 0 of 2
        "false_answer_rate": (0.5, 2),
        "false_refusal_rate": (0.5, 2),
    }
    assert (report.n, report.failed) == (4, 0)


def test_retrieval_is_scored_by_page_and_by_document() -> None:
    report = evaluate(None, [RUSH, TWELVE], retrieve=lambda _: [Found("b.pdf", 1), Found("b.pdf", 5)])
    means = {name: estimate.mean for name, estimate in report.scores.items()}
    assert means["page_hit_at_1"] == 0
    assert means["page_hit_at_5"] == 0.5
    assert means["document_hit_at_1"] == 0.5
    assert means["recall_at_5"] == 0.25
    assert means["mrr"] == 0.25
    # Gold at rank 2 of two gold pages: (1 / log2 3) / (1 + 1 / log2 3) = .38685, and 0.
    assert means["ndcg_at_10"] == pytest.approx(0.38685 / 2, abs=1e-4)
    assert "exact_match" not in means


def test_an_unanswerable_question_s_paragraph_is_no_evidence() -> None:
    judged = Question("5", "?", answerable=False, evidence=(Evidence("a.md", None, 0, 9),))
    assert not evaluate(None, [judged], retrieve=lambda _: [Found("a.md", None)]).scores


def test_a_plain_string_says_nothing_on_citations_or_abstention() -> None:
    report = evaluate(lambda _: "rush", [RUSH, UNTOLD])
    assert set(report.scores) == {"exact_match", "token_f1", "contains_answer"}
    assert report.scores["exact_match"].n == 1


def test_a_failed_question_is_a_record_with_its_reason_and_no_zero() -> None:
    gone = EngineUnavailableError("nothing answers at port 1", next_step="start it")
    system = Script({"Which band?": Said("Rush"), "How many?": gone, "Who knows?": ValueError("boom")})
    report = evaluate(system, [RUSH, TWELVE, UNTOLD], retrieve=lambda _: [Found("b.pdf", 5)])
    assert report.failed == 2
    assert report.scores["exact_match"].mean == 1
    assert report.scores["exact_match"].n == 1
    assert "false_answer_rate" not in report.scores
    unavailable, broken = (failure for record in report.records for failure in record.failures)
    assert (unavailable.step, unavailable.kind, unavailable.next_step) == ("answer", "engine_unavailable", "start it")
    assert (broken.kind, broken.message) == ("ValueError", "boom")
    # What was retrieved before the failure still counts.
    assert report.scores["recall_at_1"].n == 2


def test_an_answer_that_is_none_fails_its_question() -> None:
    report = evaluate(lambda _: None, [RUSH])  # type: ignore[arg-type, return-value]
    assert report.failed == 1


def test_being_interrupted_ends_the_run() -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(interrupted, [RUSH])


def test_quotes_are_checked_by_whoever_knows_the_documents() -> None:
    system = Script({"Which band?": Said("Rush", (Cited("a.pdf", 2, "yes"), Cited("a.pdf", 2, "no")))})
    report = evaluate(system, [RUSH], quote_found=lambda citation: citation.quote == "yes")
    assert report.scores["quote_verbatim"].mean == 0.5
    assert "quote_verbatim" not in evaluate(system, [RUSH]).scores


def test_questions_done_before_are_not_asked_again() -> None:
    system = Script({"Which band?": "Rush", "How many?": "12"})
    seen: list[QuestionRecord] = []
    first = evaluate(system, [RUSH], on_question=seen.append)
    again = evaluate(
        system, [RUSH, TWELVE], done={record.id: record for record in first.records}, on_question=seen.append
    )
    assert system.asked == ["Which band?", "How many?"]
    assert [record.id for record in seen] == ["1", "2"]
    assert again.scores["exact_match"].n == 2


def test_a_report_can_be_sliced_by_a_set_s_own_key() -> None:
    report = evaluate(Script({"Which band?": "Rush", "How many?": "7"}), [RUSH, TWELVE])
    by_type = slices(report.records, "type")
    assert {key: part.scores["exact_match"].mean for key, part in by_type.items()} == {"x": 1, "": 0}


def test_the_report_s_plain_form_keeps_the_promised_names() -> None:
    plain = to_json(evaluate(lambda _: "Rush", [RUSH]))
    assert isinstance(plain, dict)
    assert isinstance(plain["scores"], dict)
    exact = plain["scores"]["exact_match"]
    assert isinstance(exact, dict)
    assert set(exact) == {"mean", "low", "high", "n"}
