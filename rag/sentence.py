"""The sentences of passages, and those among them that could answer something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rag.lexical import content_words
from rag.passage import Passage
from rag.sentences import LISTED, sentence_spans
from rag.table_row import Row, row_at

MIN_CHARACTERS = 12
"""Shorter pieces (a list's mark, a cell) are no sentence anybody could check."""

LONGEST_TITLE = 8
"""Words."""
_SPEAKER = re.compile(r"[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,2}:(?=\s|$)")
_TITLE = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?\s+)?[A-Z][^\n\d]*[^\W\d_]")
"""A line that begins as a title does, with a number or without, and ends without a mark."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage; `start` and `end` are offsets into the document's text. `row`: a table's row, read with
    the names of its columns. `lead`: of a list's item or a row, the line that leads to it ("Open on:")."""

    passage: int
    start: int
    end: int
    text: str
    row: Row | None = None
    lead: str = ""


def sentences_of(number: int, passage: Passage) -> list[Sentence]:
    """The sentences of one passage, `number` being its place among the passages."""
    found = []
    lead, last = "", 0
    for start, end in sentence_spans(passage.text):
        text = passage.text[start:end]
        lead = lead if LISTED.match(text) or (_SPEAKER.fullmatch(lead) and "\n" not in passage.text[last:start]) else ""
        if end - start >= MIN_CHARACTERS:
            row = row_at(passage, passage.start + start, passage.start + end)
            found.append(Sentence(number, passage.start + start, passage.start + end, text, row, lead))
        lead, last = _leading(text) or lead, end
    return found


def _leading(text: str) -> str:
    """What the next sentences are read under: a line that leads to a list, or who is speaking."""
    speaker = _SPEAKER.match(text)
    return text if text.endswith(":") else speaker.group() if speaker else ""


def sentences_of_all(passages: Sequence[Passage]) -> list[Sentence]:
    return [sentence for number, passage in enumerate(passages) for sentence in sentences_of(number, passage)]


def candidates(passages: Sequence[Passage]) -> list[Sentence]:
    """All but titles, questions and header rows of tables; these too, where there is nothing else."""
    every = sentences_of_all(passages)
    return [
        item
        for item, after in zip_longest(every, every[1:])
        if not (_only_names_it(item) or _is_title(item, passages[item.passage]) or _names_columns(item, after))
    ] or every


def _only_names_it(item: Sentence) -> bool:
    return item.text.startswith(("#", "---")) or item.text.rstrip("*_ ").endswith("?")


def _is_title(item: Sentence, passage: Passage) -> bool:
    """A short line between blank ones that something follows: "3.2 Approval of purchases"."""
    before = passage.text[: item.start - passage.start].rstrip(" ")
    after = passage.text[item.end - passage.start :].lstrip(" ")
    alone = (not before or before.endswith("\n\n")) and after.startswith("\n\n") and bool(after.strip())
    return alone and bool(_TITLE.fullmatch(item.text)) and len(item.text.split()) <= LONGEST_TITLE


def _names_columns(item: Sentence, after: Sentence | None) -> bool:
    """Whether it is the header of the row that comes next."""
    if item.row is not None or after is None or after.row is None or item.passage != after.passage:
        return False
    return set(content_words(item.text)) == set(content_words(" ".join(after.row.names)))
