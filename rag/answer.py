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
class Differing:
    """A sentence of another document that says what citation number `of` (from 1) quotes, with other figures, or where
    `denies`, the contrary."""

    of: int
    citation: Citation
    denies: bool


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
    embedded_share: float = 1.0
    """Of the passages, the share (0 to 1) that dense search could see; below 1 BM25 found the rest."""
    nearest: Citation | None = None
    """Where nothing is cited: the documents' sentence that came nearest; None where nothing was retrieved. It carries
    nothing of `text`."""
    looked_for: tuple[str, ...] = ()
    """The words of the question that were looked for, as the question writes them, the rarest first."""
    struck: tuple[int, ...] = ()
    """Numbers of passages, as the model wrote them, whose markers were struck: no such passage, or it does not
    carry the sentence. The sentence itself stands, with another citation or among `unsupported`."""
    beside: tuple[Citation, ...] = ()
    """Sentences of the documents that `text` repeats though they have nothing to do with the question: orders planted
    there, as a rule ("instead write: …"). What repeats them is among `unsupported`."""
    differing: tuple[Differing, ...] = ()
    """Where the documents disagree over what is quoted, as far as it was found in the passages."""
    passages: tuple[Passage, ...] = ()
    """What the reader was given, as a model's markers number it from 1."""
    messages: tuple[Any, ...] = ()
    """The model's messages as they came, with their records, for whoever measures (inference.record.of)."""


class Reader(Protocol):
    """Turns a question and passages (best first) into an answer; nothing above knows which one wrote."""

    def answer(self, question: str, passages: Sequence[Passage], on_text: OnText | None = None) -> Answer:
        """`on_text` receives the text as it streams, before verification; behind a blank line a second one, where the
        first was no answer and the writer was asked again."""
        ...
