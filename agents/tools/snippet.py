"""The part of a passage that fits a query best, and the part around a text: what a hit shows of itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from agents.tools.shown import estimated_tokens
from rag.exact import plain
from rag.lexical import WordCover, content_words
from rag.passage import Passage
from rag.sentence import Sentence, sentences_of
from rag.table_row import Row

MARK = "…"
_ROOM = 1.25
"""A passage that is longer than a snippet by no more than this is shown whole: a second reading costs more."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence as it is shown, and what it costs in tokens (estimated)."""

    text: str
    lead: str
    """What it is read under, shown where the line begins a snippet: an item says little without it."""
    tokens: int
    parted: bool
    """Whether it stood on a line of its own: a row, an item of a list, a heading."""


def snippets(query: str, passages: Sequence[Passage], tokens: int) -> list[str]:
    """Of each passage the whole sentences, about `tokens` in all, that hold most of the query's words, the rare ones
    (in these passages) before the common ones; where none is held, the first ones."""
    found = [_lines(passage) for passage in passages]
    every = [line for lines in found for line in lines]
    cover = WordCover([line.text for line in every])
    holders = {word: cover.holders(word) for word in content_words(query)}
    weights = {word: math.log(1 + len(every) / len(held)) for word, held in holders.items() if held}
    held_by = [frozenset(word for word in weights if place in holders[word]) for place in range(len(every))]
    shown, first = [], 0
    for passage, lines in zip(passages, found, strict=True):
        words = held_by[first : first + len(lines)]
        first += len(lines)
        shown.append(_best(lines, words, weights, tokens) or shortened(passage.text, tokens))
    return shown


def shortened(text: str, tokens: int) -> str:
    """The first words of a text, its lines kept, and a mark where something is left out."""
    text = text.strip()
    if estimated_tokens(text) <= tokens:
        return text
    cut = text.encode("utf-8", "replace")[: 4 * tokens].decode("utf-8", "ignore")
    blank = max(cut.rfind(" "), cut.rfind("\n"))
    # Between words, where a word ends near the limit: Chinese and long addresses have no blanks.
    return f"{cut[:blank] if blank > len(cut) * 3 // 4 else cut} {MARK}"


def around(lines: str, text: str, tokens: int) -> str:
    """The words of some lines around a text that stands in them, on one line."""
    words, folded, wanted = lines.split(), plain(lines).split(" "), plain(text)
    if estimated_tokens(lines) <= tokens or len(words) != len(folded):
        return shortened(" ".join(words), tokens)
    place = max(" ".join(folded).find(wanted), 0)
    first = " ".join(folded)[:place].count(" ")
    last = min(first + wanted.count(" ") + 1, len(words))
    left = tokens - estimated_tokens(" ".join(words[first:last]))
    while left > 0 and (first > 0 or last < len(words)):
        if last < len(words):
            left -= estimated_tokens(words[last])
            last += 1
        if first > 0:
            first -= 1
            left -= estimated_tokens(words[first])
    return _marked(" ".join(words[first:last]), first > 0, last < len(words))


def _lines(passage: Passage) -> list[_Line]:
    """The sentences, without the header of a table whose rows are shown with the names of their columns."""
    sentences = sentences_of(0, passage)
    return [
        _line(one, passage)
        for one, after in zip_longest(sentences, sentences[1:])
        if one.row is not None or after is None or after.row is None or "|" not in one.text
    ]


def _line(sentence: Sentence, passage: Passage) -> _Line:
    text = " ".join(sentence.text.split())
    if sentence.row is not None:
        text = _told_row(sentence.row)
    lead = "" if sentence.lead is None or sentence.row else " ".join(sentence.lead.text.split())
    before = passage.text[: sentence.start - passage.start]
    return _Line(text, lead, estimated_tokens(text), before.rstrip(" \t").endswith("\n"))


def _told_row(row: Row) -> str:
    """Each cell behind the name of its column, where that has one (Markdown's rule is none)."""
    pairs = zip(row.names, row.cells, strict=True)
    return "; ".join(f"{name}: {cell}" if any(map(str.isalnum, name)) else cell for name, cell in pairs if cell)


def _best(lines: Sequence[_Line], words: Sequence[frozenset[str]], weights: Mapping[str, float], tokens: int) -> str:
    """Of the runs of lines within the tokens the one whose words weigh most; of equals the one that begins last, so
    that it begins with what was found. "" where there is no line."""
    if sum(line.tokens for line in lines) <= _ROOM * tokens:
        return _joined(lines, 0, len(lines))
    best, value = (0, _end(lines, 0, tokens)), 0.0
    for first in range(len(lines)):
        last = _end(lines, first, tokens)
        held = sum(weights[word] for word in frozenset().union(*words[first:last]))
        if held and held >= value and words[first]:
            best, value = (first, last), held
    text = _joined(lines, *best)
    return shortened(text, tokens) if estimated_tokens(text) > _ROOM * tokens else text


def _end(lines: Sequence[_Line], first: int, tokens: int) -> int:
    """Behind the last line that fits; one is always taken."""
    last, left = first + 1, tokens - lines[first].tokens
    while last < len(lines) and lines[last].tokens <= left:
        left -= lines[last].tokens
        last += 1
    return last


def _joined(lines: Sequence[_Line], first: int, last: int) -> str:
    text = "".join(
        f"{chr(10) if line.parted and place else ' '}{line.text}" for place, line in enumerate(lines[first:last])
    )
    lead = lines[first].lead if first and first < last else ""
    return _marked(f"{lead} {text.strip()}".strip(), first > 0, last < len(lines))


def _marked(text: str, before: bool, after: bool) -> str:
    return f"{MARK + ' ' if before else ''}{text}{' ' + MARK if after and text else ''}"
