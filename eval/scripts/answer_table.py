"""What is counted of a reader's answers, line by line and as a table; for reader_quality.

"right" is told by code and lenient: the gold number within 1 %, the gold phrase, or two thirds of the gold answer's
words stand in the answer; a yes or no has to open it. Read the lines before trusting it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from eval import Question
from eval.answer_metrics import contains_answer, normalise, numeric_match
from eval.interval import rate
from eval.risk_coverage import aurc, aurc_difference
from eval.scripts.abstention import is_gold, top_cosine
from rag import Answer, Index

NEXT_DRAFT = "\f"
"""Between the texts that a model wrote for one answer."""


class Line(BaseModel):
    """One answer of one reader, with what is counted of it; None where it does not apply."""

    set: str
    id: str
    reader: str
    question: str
    gold: list[str]
    gold_answerable: bool
    text: str
    written: str = ""
    """By the model, before anything was verified."""
    answerable: bool
    citations: list[dict[str, Any]]
    unsupported: list[str]
    struck: list[int]
    support: float | None
    threshold: float
    timings: dict[str, float]
    gold_place_shown: bool
    """Whether the gold page (or file, or paragraph) was among the passages that the reader saw."""
    right: bool | None = None
    verbatim: bool | None = None
    right_place: bool | None = None
    cluster: str = ""
    top_cosine: float = -1.0
    """The confidence of the baseline: the sentence of the highest cosine."""
    top_gold: bool = False
    """Whether that sentence holds a gold answer."""

    @property
    def confidence(self) -> float:
        """What a person may go by: the support; below all of these what carries no citation, then what was declined."""
        lowered = 0 if self.citations else 1 if self.answerable else 2
        return (self.support or 0.0) - lowered

    @property
    def key(self) -> tuple[str, str, str]:
        return self.set, self.id, self.reader

    @property
    def seen(self) -> bool:
        """Whether a person gets an answer: the support reaches the threshold, and the model did not decline."""
        return self.answerable and self.support is not None and self.support >= self.threshold


def judged(corpus: str, question: Question, reader: str, threshold: float, answer: Answer, library: Index) -> Line:
    """The line of one answer to a question of the set `corpus`."""
    line = Line(
        set=corpus,
        id=question.id,
        reader=reader,
        question=question.question,
        gold=list(question.answers),
        gold_answerable=question.answerable is not False,
        text=answer.text,
        written=NEXT_DRAFT.join(str(message.text) for message in answer.messages),
        answerable=answer.answerable,
        citations=[{"file": one.file, "page": one.page, "quote": one.quote} for one in answer.citations],
        unsupported=list(answer.unsupported),
        struck=list(answer.struck),
        support=answer.support,
        threshold=threshold,
        timings=dict(answer.timings),
        gold_place_shown=any(_at_gold(question, one.file, one.page, one.start, one.end) for one in answer.passages),
        cluster=str(question.cluster),
    )
    line.top_cosine, nearest = top_cosine(library, question.question, answer.passages)
    line.top_gold = line.gold_answerable and nearest is not None and is_gold(corpus, question, nearest, answer.passages)
    if not answer.answerable:
        return line
    line.verbatim = bool(answer.citations) and all(map(library.quote_found, answer.citations))
    if line.gold_answerable:
        line.right = is_right(answer.text, question.answers)
        line.right_place = any(_at_gold(question, one.file, one.page, one.start, one.end) for one in answer.citations)
    return line


def is_right(text: str, gold: Sequence[str]) -> bool:
    """See the top of this file."""
    if not gold:
        return False
    if normalise(gold[0]) in ("yes", "no"):
        return normalise(text).split()[:1] == [normalise(gold[0])]
    number = numeric_match(text, gold)
    if number is not None:
        return bool(number)
    said = set(normalise(text).split())
    return bool(contains_answer(text, gold)) or any(_share(normalise(form).split(), said) >= 2 / 3 for form in gold)


def _share(words: Sequence[str], said: set[str]) -> float:
    return sum(word in said for word in words) / len(words) if words else 0.0


def _at_gold(question: Question, file: str, page: int | None, start: int, end: int) -> bool:
    if question.level == "page":
        return page is not None and (file, page) in question.gold_pages
    if question.level == "span":
        return any(
            place.doc == file and start < (place.end or 0) and (place.start or 0) < end for place in question.evidence
        )
    return file in question.gold_docs


def show(lines: Sequence[Line]) -> None:
    """The table: of each set and reader the counts, with n; a rate's 95 % interval is Wilson's."""
    groups: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.set, line.reader].append(line)
    print(f"{'set':<14}{'reader':<34}{'right':>18}" + "".join(f"{title:>10}" for title in _COLUMNS))
    for (corpus, reader), group in sorted(groups.items()):
        asked = [line for line in group if line.gold_answerable]
        absent = [line for line in group if not line.gold_answerable]
        right = [bool(line.right) and line.seen for line in asked]
        interval = rate([float(value) for value in right])
        between = "" if interval is None or interval.low is None else f" {interval.low:.2f}-{interval.high:.2f}"
        counts = (
            _count([bool(line.verbatim) for line in group if line.seen]),
            _count([bool(line.right_place) and line.seen for line in asked]),
            _count([not line.seen for line in asked]),
            _count([line.seen for line in absent]),
            _count([line.seen and bool(line.citations) for line in absent]),
            _count([line.gold_place_shown for line in asked]),
            f"{aurc(*_sure_and_wrong(group)):.3f}",
        )
        print(f"{corpus:<14}{reader:<34}{_count(right) + between:>18}" + "".join(f"{count:>10}" for count in counts))
    print(_LEGEND)
    _show_baseline([line for line in lines if line.set == "squad2"])


def _show_baseline(lines: Sequence[Line]) -> None:
    """Of squad2, where "unanswerable" means the whole article: against the sentence of the highest cosine, paired."""
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.reader].append(line)
    for reader, group in sorted(groups.items()):
        baseline = [line.top_cosine for line in group], [float(not line.top_gold) for line in group]
        difference = aurc_difference(_sure_and_wrong(group), baseline, [line.cluster for line in group])
        between = f" ({difference.low:+.3f} to {difference.high:+.3f})" if difference.low is not None else ""
        print(
            f"squad2 {reader}: AURC less the baseline's {difference.mean:+.3f}{between}, baseline {aurc(*baseline):.3f}"
        )


def _sure_and_wrong(lines: Sequence[Line]) -> tuple[list[float], list[float]]:
    return [line.confidence for line in lines], [float(not line.right) for line in lines]


_COLUMNS = ("verbatim", "place", "refused", "invented", "cited", "shown", "AURC")
_LEGEND = """
Of the answerable: right; place: a citation at the gold page, paragraph or file; refused; shown: the gold place was in
the context. Of the unanswerable: invented; cited: invented and shown with a citation, not as what nothing supports. Of
the answered: verbatim: there are quotes, and all stand in the document.
AURC: area under the risk-coverage curve, all questions answered, an answer to an unanswerable one wrong; the surest are
those with a citation, by support, then those without one, then what was declined."""


def _count(values: Sequence[bool]) -> str:
    return f"{sum(values)}/{len(values)}" if values else "-"
