"""Citations: whether what is shown points at the places that hold the answer.

A citation points at a gold place where its file and page are those of a piece of evidence, or its file
alone where the evidence names no pages. The ideas are ALCE's citation precision and recall (Gao et al.
2023), judged by place, without a model: not ALCE's figures.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from eval.question import Question
from eval.scored import CitationLike, QuoteFound


def citation_support(question: Question, citations: Sequence[CitationLike]) -> float | None:
    """Share of the shown citations that point at a gold place; None without citation or evidence."""
    gold = _gold(question)
    if not gold or not citations:
        return None
    return sum(_place(question, citation) in gold for citation in citations) / len(citations)


def citation_recall(question: Question, citations: Sequence[CitationLike]) -> float | None:
    """Share of the gold places that a citation points at; where any one is enough, 1 or 0. None without
    evidence. An answer without citations has 0."""
    gold = _gold(question)
    if not gold:
        return None
    cited = gold & {_place(question, citation) for citation in citations}
    return float(bool(cited)) if question.evidence_mode == "any" else len(cited) / len(gold)


def quote_verbatim(citations: Sequence[CitationLike], quote_found: QuoteFound) -> float | None:
    """Share of the shown quotes that stand in their document, as `quote_found` says; None without any."""
    if not citations:
        return None
    return sum(map(quote_found, citations)) / len(citations)


def _gold(question: Question) -> frozenset[Hashable]:
    return frozenset(question.gold_pages if question.level == "page" else question.gold_docs)


def _place(question: Question, citation: CitationLike) -> Hashable:
    return (citation.file, citation.page) if question.level == "page" else citation.file
