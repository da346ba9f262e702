"""Each figure here was worked out by hand; the comments show how."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from eval.question import Evidence, Question
from eval.retrieval_metrics import hit_at_k, mrr, ndcg_at_k, rank, recall_at_k


@dataclass(frozen=True)
class Found:
    file: str
    page: int | None = None
    start: int = 0
    end: int = 100


def pages(*gold: tuple[str, int]) -> Question:
    return Question("1", "?", evidence=tuple(Evidence(doc, page) for doc, page in gold))


def test_the_first_k_are_distinct_pages_not_passages() -> None:
    passages = [Found("a.pdf", 1), Found("a.pdf", 1, 100, 200), Found("a.pdf", 2), Found("a.pdf", 3)]
    ranking = rank(pages(("a.pdf", 3)), passages)
    assert ranking is not None
    # Distinct pages: 1, 2, 3. The gold one is the third of them, though the fourth passage.
    assert hit_at_k(ranking, 2) == 0
    assert hit_at_k(ranking, 3) == 1
    assert mrr(ranking) == pytest.approx(1 / 3)


def test_no_more_than_forty_passages_are_looked_at() -> None:
    passages = [*(Found("a.pdf", page) for page in range(1, 41)), Found("a.pdf", 99)]
    late = rank(pages(("a.pdf", 99)), passages)
    last = rank(pages(("a.pdf", 40)), passages)
    assert late is not None
    assert last is not None
    assert hit_at_k(late, 50) == 0
    assert hit_at_k(last, 50) == 1


def test_recall_and_ndcg_over_two_gold_pages() -> None:
    passages = [Found("a.pdf", 7), Found("a.pdf", 1), Found("b.pdf", 1), Found("a.pdf", 2)]
    ranking = rank(pages(("a.pdf", 1), ("a.pdf", 2)), passages)
    assert ranking is not None
    assert recall_at_k(ranking, 1) == 0
    assert recall_at_k(ranking, 2) == 0.5
    assert recall_at_k(ranking, 5) == 1
    # Gold at ranks 2 and 4: 1/log2(3) + 1/log2(5) = 0.6309 + 0.4307; the best order has ranks 1 and 2:
    # 1 + 0.6309.
    assert ndcg_at_k(ranking, 10) == pytest.approx((0.63093 + 0.43068) / 1.63093, abs=1e-4)
    # Cut at 2, the best order keeps both its places: 0.6309 / 1.6309.
    assert ndcg_at_k(ranking, 2) == pytest.approx(0.38685, abs=1e-4)
    # Cut at 1, the best order has one: 0 / 1.
    assert ndcg_at_k(ranking, 1) == 0


def test_where_any_document_is_enough_one_of_them_is_full_recall() -> None:
    passages = [Found("x"), Found("b"), Found("a")]
    both = Question("1", "?", evidence_docs=("a", "b"), evidence_mode="all")
    either = Question("1", "?", evidence_docs=("a", "b"), evidence_mode="any")
    need_both, need_one = rank(both, passages), rank(either, passages)
    assert need_both is not None
    assert need_one is not None
    assert recall_at_k(need_both, 2) == 0.5
    assert recall_at_k(need_one, 2) == 1
    assert ndcg_at_k(need_one, 10) == pytest.approx(1 / math.log2(3))


def test_a_span_is_found_by_half_of_the_shorter_of_the_two() -> None:
    question = Question("1", "?", evidence=(Evidence("a.md", None, 100, 200),))

    def found(start: int, end: int, file: str = "a.md") -> float:
        ranking = rank(question, [Found(file, None, start, end)])
        assert ranking is not None
        return recall_at_k(ranking, 1)

    assert found(0, 150) == 1  # 50 of the span's 100 characters
    assert found(0, 149) == 0
    assert found(120, 140) == 1  # the passage lies inside the span
    assert found(0, 150, file="b.md") == 0


def test_a_passage_that_holds_two_spans_recalls_both_at_its_rank() -> None:
    question = Question("1", "?", evidence=(Evidence("a", None, 0, 10), Evidence("a", None, 20, 30)))
    ranking = rank(question, [Found("b"), Found("a", None, 0, 50)])
    assert ranking is not None
    assert recall_at_k(ranking, 2) == 1
    # It stands for ranks 2 and 3: 1/log2(3) + 1/log2(4), over 1 + 1/log2(3).
    assert ndcg_at_k(ranking, 10) == pytest.approx((0.63093 + 0.5) / 1.63093, abs=1e-4)


def test_documents_can_be_asked_for_where_the_evidence_names_pages() -> None:
    ranking = rank(pages(("a.pdf", 3)), [Found("b.pdf", 1), Found("a.pdf", 1)], "document")
    assert ranking is not None
    assert mrr(ranking) == 0.5


def test_a_question_without_evidence_has_no_ranking() -> None:
    assert rank(Question("1", "?"), [Found("a")]) is None


def test_nothing_retrieved_is_zero_not_missing() -> None:
    ranking = rank(pages(("a.pdf", 3)), [])
    assert ranking is not None
    assert (recall_at_k(ranking, 5), mrr(ranking), ndcg_at_k(ranking, 10)) == (0, 0, 0)
