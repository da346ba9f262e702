"""The first step: what one answer and one list of passages are worth, as named values.

A value that cannot be had is absent, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from eval.abstention import false_answer, false_refusal
from eval.answer_metrics import contains_answer, exact_match, numeric_match, token_f1
from eval.citation_metrics import citation_recall, citation_support, quote_verbatim
from eval.question import Question
from eval.retrieval_metrics import hit_at_k, mrr, ndcg_at_k, rank, recall_at_k
from eval.scored import AnswerLike, PassageLike, QuoteFound

KS = (1, 5, 10)

RATES = frozenset(
    {"exact_match", "contains_answer", "numeric_match", "false_answer_rate", "false_refusal_rate"}
    | {f"{level}_hit_at_{k}" for level in ("page", "document") for k in KS}
)
"""Values of 0 and 1; all others are shares."""


def score_retrieval(question: Question, passages: Sequence[PassageLike]) -> Mapping[str, float]:
    """recall_at_1/5/10, ndcg_at_10 and mrr at the finest level of the evidence, document_hit_at_1/5/10,
    and page_hit_at_1/5/10 where the evidence names pages.

    Empty where there is no evidence or the question is marked as unanswerable: such a set may name the
    paragraph that was judged (SQuAD 2.0), and that is no evidence.
    """
    ranking = None if question.answerable is False else rank(question, passages)
    if ranking is None:
        return {}
    values = {f"recall_at_{k}": recall_at_k(ranking, k) for k in KS}
    values |= {"ndcg_at_10": ndcg_at_k(ranking, 10), "mrr": mrr(ranking)}
    if question.level == "page":
        values |= {f"page_hit_at_{k}": hit_at_k(ranking, k) for k in KS}
    documents = rank(question, passages, "document")
    if documents is not None:
        values |= {f"document_hit_at_{k}": hit_at_k(documents, k) for k in KS}
    return values


def score_answer(
    question: Question, answer: str | AnswerLike, quote_found: QuoteFound | None = None
) -> Mapping[str, float]:
    """exact_match, token_f1, contains_answer and numeric_match on answerable questions with a gold answer
    (a refusal has 0); citation_support, citation_recall, quote_verbatim; false_answer_rate and
    false_refusal_rate. A plain string says nothing on citations or abstention."""
    text = answer_text(answer)
    values = _score_text(question, text)
    if isinstance(answer, str):
        return values
    citations = answer.citations
    scored: dict[str, float | None] = {
        "false_answer_rate": false_answer(question.answerable, answer.answerable),
        "false_refusal_rate": false_refusal(question.answerable, answer.answerable),
        "quote_verbatim": quote_verbatim(citations, quote_found) if quote_found else None,
    }
    if question.answerable is not False:
        scored["citation_support"] = citation_support(question, citations)
        scored["citation_recall"] = citation_recall(question, citations)
    return values | {name: value for name, value in scored.items() if value is not None}


def _score_text(question: Question, text: str) -> dict[str, float]:
    gold = question.answers
    if question.answerable is False or not gold:
        return {}
    values = {
        "exact_match": exact_match(text, gold),
        "token_f1": token_f1(text, gold),
        "contains_answer": contains_answer(text, gold),
    }
    number = numeric_match(text, gold)
    return values if number is None else values | {"numeric_match": number}


def answer_text(answer: str | AnswerLike) -> str:
    """The words that are scored: without the markers of citations; none at all of a refusal."""
    if isinstance(answer, str):
        return answer
    if not answer.answerable:
        return ""
    count = len(answer.citations)
    return re.sub(r"\s*\[(\d+)\]", lambda match: "" if 1 <= int(match[1]) <= count else match[0], answer.text).strip()
