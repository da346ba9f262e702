"""A question of a set, with what is known about its answer and where the answer stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["page", "span", "document"]
EvidenceMode = Literal["any", "all"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place that holds the answer: `page` is 1-based, `start` and `end` are character offsets in the
    document's text; None where the set does not say."""

    doc: str
    page: int | None = None
    start: int | None = None
    end: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold answer and evidence, as far as they are known.

    `answers` are all accepted forms, `answer` first. `answerable` None: the set does not say.
    `evidence_mode` "any": one of the places is enough; "all": the answer needs every one of them.
    `extra` keeps the keys that we do not know; they can slice a report.
    """

    id: str
    question: str
    answer: str | None = None
    answers: tuple[str, ...] = ()
    answerable: bool | None = None
    doc: str | None = None
    evidence: tuple[Evidence, ...] = ()
    evidence_docs: tuple[str, ...] = ()
    evidence_mode: EvidenceMode = "all"
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def level(self) -> Level:
        """The finest kind of place that all the evidence names."""
        if self.evidence and all(place.page is not None for place in self.evidence):
            return "page"
        if self.evidence and all(place.start is not None for place in self.evidence):
            return "span"
        return "document"

    @property
    def gold_docs(self) -> tuple[str, ...]:
        """The distinct documents of the evidence, in the order in which they are named."""
        named = (*self.evidence_docs, *(place.doc for place in self.evidence))
        return tuple(dict.fromkeys(named))

    @property
    def gold_pages(self) -> tuple[tuple[str, int], ...]:
        """The distinct (document, page) of the evidence; empty where it names no pages."""
        pages = ((place.doc, place.page) for place in self.evidence if place.page is not None)
        return tuple(dict.fromkeys(pages))

    @property
    def cluster(self) -> str:
        """Questions with the same value are not independent: they are about the same document."""
        if self.doc is not None:
            return self.doc
        return self.gold_docs[0] if self.gold_docs else f"question:{self.id}"
