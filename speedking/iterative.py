"""`ask --iterative`: a second search with what the first one found, where one was not enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag import Answer, Index, Passage
    from rag.answer import OnText
    from rag.filter import Filter
    from speedking.console import Terminal


COVERED = 0.5
"""Of the question's words, the least share that stands in what is quoted for an answer to all of the question."""
HEAD = 4
"""Of the first passages, those that stand before the best new one. A prompt has room for about six of ten."""
_STEM = 5
"""Characters by which words are taken for the same: director, directed."""


@dataclass(frozen=True, slots=True)
class Iterated:
    """The better answer, how often was searched for it, and what for the second time (None: it was not)."""

    answer: Answer
    iterations: int
    searched_again: str | None = None


def ask_iteratively(
    library: Index,
    question: str,
    terminal: Terminal,
    *,
    found: Callable[[], Sequence[Passage]],
    k: int,
    on_text: OnText | None = None,
    where: Filter | None = None,
) -> Iterated:
    """Asks; where the answer was refused, nothing supports it, or its quotes hold less than half of what the question
    asks with, searches once more with names that the passages bring in, and has the reader read all of them. That
    answer stands where something supports it, since its writer has read more; else the first. `found` gives what the
    reader was last given."""
    from agents.fixed.bridge import next_query
    from rag.differing import with_differing

    first = library.ask(question, k=k, on_text=on_text, where=where)
    if _supported(first) and _covered(question, first) >= COVERED:
        terminal.note("one search was enough: what is quoted holds at least half of the question's words")
        return Iterated(first, 1)
    passages = found()
    query = next_query(question, passages, [question]) if passages else None
    if query is None:
        terminal.note(f"one search was not enough ({_lack(first)}), and nothing found leads on to another")
        return Iterated(first, 1)
    terminal.note(f"one search was not enough ({_lack(first)}): searched again for {query}")
    began = time.perf_counter()
    passages = _joined(passages, library.search(query, k, where))
    searched = time.perf_counter()
    second = with_differing(library.reader.answer(question, passages, on_text), passages)
    took = {**second.timings, "retrieve_s": searched - began, "read_s": time.perf_counter() - searched}
    second = replace(second, timings=took, embedded_share=first.embedded_share)
    better = second if _supported(second) else first
    timings = _sum(first.timings, second.timings)
    return Iterated(replace(better, timings=timings, messages=(*first.messages, *second.messages)), 2, query)


def _lack(answer: Answer) -> str:
    if not answer.answerable:
        return "nothing found answers"
    return "what is quoted is about a part of it" if answer.citations else "nothing found supports what was written"


def _supported(answer: Answer) -> bool:
    return answer.answerable and bool(answer.citations)


def _covered(question: str, answer: Answer) -> float:
    """The share of the question's words that its quotes and their files' names hold."""
    from rag.lexical import content_words

    asked = {word[:_STEM] for word in content_words(question)}
    quoted = " ".join(f"{one.file} {one.quote}" for one in answer.citations)
    held = asked & {word[:_STEM] for word in content_words(quoted.replace("_", " "))}
    return len(held) / max(len(asked), 1)


def _joined(first: Sequence[Passage], second: Sequence[Passage]) -> list[Passage]:
    """All of them, each once. The best new one stands behind the head of the first: behind all of them it would find no
    room in a prompt, and a model would be asked the same again."""
    from agents.evidence import place

    known = set(map(place, first))
    new = [one for one in second if place(one) not in known]
    return [*first[:HEAD], *new[:1], *first[HEAD:], *new[1:]]


def _sum(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in {**one, **other}}
