"""Questions to one opened index with one engine: what `ask` does once and `chat` again and again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from speedking.answers import streaming
from speedking.console import Terminal
from speedking.engine import Choice, answer_tokens, reader_for
from speedking.iterative import Iterated, ask_iteratively
from speedking.library import warn_of_question
from speedking.passages import Shown, given_and_left_out
from speedking.waterfall import Waterfall, waterfall

if TYPE_CHECKING:
    from inference.record import Generation
    from rag import Answer, Index, Passage, Reader
    from rag.answer import OnText
    from rag.filter import Filter
    from rag.rewrite import Exchange


REWRITE_TOKENS = 96
"""A question is no longer; a model that thinks first is given what it has for an answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer with what it was read from and where its time went."""

    answer: Answer
    passages: tuple[Shown, ...]
    fall: Waterfall
    iterations: int = 1
    searched_again: str | None = None

    @property
    def timings(self) -> dict[str, float | None]:
        """The answer's own, and the waterfall's."""
        return {**self.answer.timings, **self.fall.timings()}


class Session:
    """`where` limits every question to some files; `iterative`: where one search is not enough, there is a second."""

    def __init__(
        self,
        library: Index,
        choice: Choice,
        terminal: Terminal,
        *,
        k: int,
        where: Filter | None = None,
        iterative: bool = False,
    ) -> None:
        self._iterative = iterative
        self.library = library
        self.choice = choice
        self._terminal = terminal
        self._k = k
        self._where = where
        self.pin(())

    def pin(self, passages: Sequence[Passage]) -> None:
        """These stand at the head of every prompt from now on."""
        self._pinned = bool(passages)
        self._reader = _Witness(reader_for(self.choice, self.library, passages))
        self.library.reader = self._reader

    def ask(
        self,
        question: str,
        *,
        began: float,
        connect_s: float | None = None,
        sync_s: float | None = None,
        rewrite_s: float | None = None,
    ) -> Asked:
        """`began`, by time.perf_counter, is when the person began to wait."""
        warn_of_question(question, self.library, self._terminal)
        with streaming(self._terminal, "searching and reading") as on_text:
            iterated = self._answered(question, on_text)
        answer = iterated.answer
        connection = self.choice.connection
        fall = waterfall(
            answer.timings,
            _records(answer),
            total_s=time.perf_counter() - began,
            connect_s=connect_s,
            sync_s=sync_s,
            rewrite_s=rewrite_s,
            thinking=connection is not None and connection.thinking,
        )
        retrieved = self._reader.passages
        passages = given_and_left_out(answer.passages or retrieved, retrieved)
        return Asked(answer, tuple(passages), fall, iterated.iterations, iterated.searched_again)

    def _answered(self, question: str, on_text: OnText | None) -> Iterated:
        if self._iterative:
            return ask_iteratively(
                self.library,
                question,
                self._terminal,
                found=lambda: self._reader.passages,
                k=self._k,
                on_text=on_text,
                where=self._where,
            )
        return Iterated(self.library.ask(question, k=self._k, on_text=on_text, where=self._where), 1)

    def stand_alone(self, history: Sequence[Exchange], question: str) -> str:
        """A follow-up as a question that stands alone: by the model where there is one, else by rule."""
        from rag import ModelReader
        from rag.rewrite import stand_alone, stand_alone_by_rule

        connection = self.choice.connection
        reader = self._reader.reader
        framed = reader.framed if self._pinned and isinstance(reader, ModelReader) else None
        if connection is None:
            return stand_alone_by_rule(history, question)
        tokens = answer_tokens(True) if connection.thinking else REWRITE_TOKENS
        with self._terminal.waiting("reading the question"):
            return stand_alone(connection.writing(tokens).chat, history, question, framed)


class _Witness:
    """A reader that remembers what it was last given."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.passages: tuple[Passage, ...] = ()

    def answer(self, question: str, passages: Sequence[Passage], on_text: OnText | None = None) -> Answer:
        self.passages = tuple(passages)
        return self.reader.answer(question, passages, on_text)


def _records(answer: Answer) -> list[Generation | None]:
    if not answer.messages:
        return []
    from inference.record import of

    return [of(message) for message in answer.messages]
