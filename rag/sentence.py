"""The sentences of passages, and those among them that could answer something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rag.lexical import content_words
from rag.passage import Passage
from rag.sentences import BLANK_LINE, FRONT_MATTER, LISTED, record_spans, sentence_spans
from rag.table_row import Row, holds_records, row_at

MIN_BYTES = 12
"""In UTF-8, where four Chinese characters have them. Shorter pieces (a list's mark, a page's number) are no sentence
anybody could check, but for a table's rows, the items of a list and what stands behind its name ("Fee: 25 EUR")."""
MIN_ITEM = 4
_NAMED = re.compile(r"[^\W\d_][^:\n]*:\s+\S")

_SPEAKER = re.compile(r"[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,2}:(?=\s)")
_NUMBERED = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?\s+[A-Z][^\n\d]*[^\W\d_]")
"""A line that begins as a numbered title does and ends without a mark."""

_LABEL = re.compile(
    r"(?:title|keywords?|tags?|description|layout|permalink|redirect_from|slug|categor(?:y|ies))\s*:", re.I
)
"""What front matter says to name the page, not to tell something (a date, an author)."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage; `start` and `end` are offsets into the document's text. `row`: a table's row, read with
    the names of its columns."""

    passage: int
    start: int
    end: int
    text: str
    row: Row | None = None
    lead: Sentence | None = None
    """What it is read under: of a list's item or a row the line that leads to it ("Open on:"), of what someone goes on
    to say the speaker ("Anna Berg:")."""
    spoken: bool = False
    """Whether the lead is a speaker."""


def sentences_of(number: int, passage: Passage) -> list[Sentence]:
    """The sentences of one passage, `number` being its place among the passages."""
    found = []
    leads = _Leads(passage.text)
    spans = record_spans if holds_records(passage.file) else sentence_spans
    for start, end in spans(passage.text):
        text = passage.text[start:end]
        lead, spoken = leads.over(start, text)
        span = passage.start + start, passage.start + end
        above = None if lead is None else Sentence(number, passage.start + lead[0], passage.start + lead[1], lead[2])
        row = row_at(passage, *span)
        if row is not None or _says_something(text, listed=above is not None and not spoken):
            found.append(Sentence(number, *span, text, row, above, spoken))
    return found


def _says_something(text: str, *, listed: bool) -> bool:
    if not any(map(str.isalnum, text)):
        return False
    if len(text.encode()) >= MIN_BYTES or text.endswith(":"):
        return True
    return len(text) >= MIN_ITEM and (listed or bool(_NAMED.match(text)))


class _Leads:
    """Follows the lines of a text: lists may stand in lists, and a speaker holds the rest of his line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lists: list[tuple[int, tuple[int, int, str]]] = []
        """Lines that lead to a list, the outer ones first, each with the column at which it begins."""
        self._speaker: tuple[int, int, str] | None = None
        self._last = 0

    def over(self, start: int, text: str) -> tuple[tuple[int, int, str] | None, bool]:
        """(start, end, text) of what the sentence at `start` is read under, if anything, and whether it is a speaker.
        To be called for each sentence, in their order."""
        between = self._text[self._last : start]
        begins_line = "\n" in between or not self._last
        column = start - (self._text.rfind("\n", 0, start) + 1)
        item = begins_line and bool(LISTED.match(text))
        if begins_line:
            self._speaker = None
            self._close(column, item=item, paragraph=bool(BLANK_LINE.search(between)))
        lead = self._lists[-1][1] if item and self._lists else None
        speaker = self._speaker
        self._open(start, column, text, begins_line)
        self._last = start + len(text)
        return (lead, False) if lead else (speaker, speaker is not None)

    def _close(self, column: int, *, item: bool, paragraph: bool) -> None:
        """An item ends the lists of items beside or below it; what is none ends all, unless it goes on with an item."""
        while item and self._lists and self._lists[-1][0] >= column and LISTED.match(self._lists[-1][1][2]):
            self._lists.pop()
        if not item and (paragraph or not column):
            self._lists.clear()

    def _open(self, start: int, column: int, text: str, begins_line: bool) -> None:
        if text.endswith(":"):
            self._lists.append((column, (start, start + len(text), text)))
        elif begins_line and (speaker := _SPEAKER.match(text)):
            self._speaker = (start, start + speaker.end(), speaker.group())


def sentences_of_all(passages: Sequence[Passage]) -> list[Sentence]:
    return [sentence for number, passage in enumerate(passages) for sentence in sentences_of(number, passage)]


def candidates(passages: Sequence[Passage]) -> list[Sentence]:
    """All but titles, labels, questions and header rows of tables; these too, where there is nothing else."""
    every = sentences_of_all(passages)
    return [
        item
        for item, after in zip_longest(every, every[1:])
        if not (_only_names_it(item, passages[item.passage]) or _names_columns(item, after))
    ] or every


def _only_names_it(item: Sentence, passage: Passage) -> bool:
    if item.text.startswith(("#", "---")) or item.text.rstrip("*_ ").endswith("?"):
        return True
    return _is_title(item, passage) or _is_label(item, passage)


def _is_label(item: Sentence, passage: Passage) -> bool:
    head = None if passage.start else FRONT_MATTER.match(passage.text)
    return head is not None and item.end <= head.end() and bool(_LABEL.match(item.text))


def _is_title(item: Sentence, passage: Passage) -> bool:
    """A line between blank ones that something follows, numbered ("3.2 Approval of purchases") or a heading's text."""
    before = passage.text[: item.start - passage.start]
    after = passage.text[item.end - passage.start :]
    begins = not before.strip() or bool(BLANK_LINE.search(before[len(before.rstrip()) :]))
    alone = begins and bool(BLANK_LINE.match(after.lstrip(" \r\t"))) and bool(after.strip())
    return alone and bool(_NUMBERED.fullmatch(item.text) or item.text in passage.heading.split(" > "))


def _names_columns(item: Sentence, after: Sentence | None) -> bool:
    """Whether it is the header of the row that comes next."""
    if item.row is not None or after is None or after.row is None or item.passage != after.passage:
        return False
    named = set(content_words(" ".join(after.row.names)))
    return bool(named) and named <= set(content_words(item.text))  # a row may end before its header does
