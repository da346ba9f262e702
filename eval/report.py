"""The second and third steps: from one record a question to scores, and both into a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from eval.interval import Estimate, mean, rate
from eval.score import RATES


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage or a citation stands."""

    file: str
    page: int | None
    start: int | None = None
    end: int | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step has no result: `kind` is the error's stable name."""

    step: str
    kind: str
    message: str
    next_step: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """What happened with one question, kept whole: `values` are its scores, from which all else follows.

    `answer` is the text as it came, `answerable` what the system said (None: it does not say). `*_s` are
    seconds. A failed step leaves its values out and its reason in `failures`.
    """

    id: str
    question: str
    cluster: str
    gold_answerable: bool | None = None
    answer: str | None = None
    answerable: bool | None = None
    citations: tuple[Place, ...] = ()
    passages: tuple[Place, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    retrieve_s: float | None = None
    answer_s: float | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """`scores` has a name only where at least one question has that value. `failed` counts the questions
    with a failed step: they are in `records`, with the reason, and in no mean that needs that step."""

    scores: Mapping[str, Estimate]
    n: int
    failed: int
    records: tuple[QuestionRecord, ...]


def aggregate(records: Iterable[QuestionRecord]) -> Mapping[str, Estimate]:
    """Each named value's mean over the records that have it, with n and an interval: Wilson's for rates,
    a bootstrap clustered by document for shares."""
    records = tuple(records)
    names = dict.fromkeys(name for record in records for name in record.values)
    scores = {}
    for name in names:
        having = [record for record in records if name in record.values]
        values = [record.values[name] for record in having]
        estimate = rate(values) if name in RATES else mean(values, [record.cluster for record in having])
        if estimate is not None:
            scores[name] = estimate
    return scores


def make_report(records: Sequence[QuestionRecord]) -> Report:
    """The report over these records, with their scores."""
    failed = sum(bool(record.failures) for record in records)
    return Report(aggregate(records), len(records), failed, tuple(records))


def slices(records: Iterable[QuestionRecord], key: str) -> Mapping[str, Report]:
    """One report for each value of a question set's own key, e.g. "type"; "" where it is missing."""
    groups: dict[str, list[QuestionRecord]] = {}
    for record in records:
        groups.setdefault(str(record.extra.get(key, "")), []).append(record)
    return {value: make_report(group) for value, group in groups.items()}
