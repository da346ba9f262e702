"""What a reader returns: text whose every shown claim carries a quote that code has found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rag.passage import Passage

OnText = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote and its place: the document's text from `start` to `end` is the quote, after
    folding white space (in PDFs also line-end hyphens)."""

    file: str
    page: int | None
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over documents.

    `text` holds markers [1], [2] … that number `citations`. `answerable` False: the documents do not
    say, and there is neither claim nor citation. `unsupported` are sentences of `text` for which no
    passage was found that carries them. `support` is the score that decided `answerable`, comparable
    across questions, None where nothing was retrieved. `timings` maps a stage to seconds.
    """

    text: str
    citations: tuple[Citation, ...] = ()
    answerable: bool = True
    unsupported: tuple[str, ...] = ()
    support: float | None = None
    engine: str = "reader"
    model: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    messages: tuple[Any, ...] = ()
    """The model's messages as they came, with their records, for whoever measures (inference.record.of)."""


class Reader(Protocol):
    """Turns a question and passages (best first) into an answer; nothing above knows which one wrote."""

    def answer(self, question: str, passages: Sequence[Passage], on_text: OnText | None = None) -> Answer:
        """`on_text` receives the text as it streams, before verification."""
        ...
