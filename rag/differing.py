"""Where another document says what is quoted with other figures, or denies it: two versions of a policy, an amendment.

Told of beside the answer and not weighed: which of them is in force, code cannot know. Denials are told in English
alone, and figures where blanks stand between words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answer import Answer, Citation, Differing
from rag.asked import NUMBER_WORDS
from rag.claim import NEGATION, Figure, figures
from rag.lexical import content_words
from rag.passage import Passage
from rag.phrase import CURRENCY, MONTH_OR_DAY
from rag.sentence import Sentence, sentences_of_all
from rag.sentences import LISTED
from rag.sibling import numbered
from rag.table_row import Row, holds_records
from rag.verify import cite

ALIKE = 0.75
"""Words in common, figures left out (Jaccard): at half of them rows of other products were taken for other versions."""
LEAST_WORDS, LEAST_OF_ROW = 3, 2
MOST = 2
"""Files told of beside one quote."""

_COUNTED = {word: str(number) for number, word in enumerate(NUMBER_WORDS[:20], start=1)} | {"once": "1", "twice": "2"}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_COUNTED)})\b", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\s*§+\s*[\d.]+\s*")
_WHEN = re.compile(r"(?:19|20)\d\d(?:[-/.]\d{1,2}){0,2}")
_MONEY = rf"(?:{CURRENCY.pattern}|[$€£¥])"
_AMOUNT = re.compile(rf"{_MONEY}\s*(\d[\d,.]*)|\b(\d[\d,.]*)\s*{_MONEY}")


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence: its words without figures, its figures, and what it is said of by number or time (a year, a month,
    a code, "Level 2")."""

    words: frozenset[str]
    figures: frozenset[Figure]
    of_what: frozenset[str]
    denied: bool
    table: str
    """Of a row: its file without figures and the names of its columns; "" of a sentence."""

    @classmethod
    def of(cls, text: str, file: str, row: Row | None = None) -> _Said:
        text = " | ".join(row.cells) if row else text.replace(",", " | ") if holds_records(file) else text
        mark = LISTED.match(text) or _PARAGRAPH.match(text)
        text = text[mark.end() :] if mark else text
        plain = _NUMBER_WORD.sub(lambda found: _COUNTED[found.group().lower()], text)
        amounts = {(before or behind).replace(",", "") for before, behind in _AMOUNT.findall(plain)}
        things = {f"{word.lower()} {number}" for word, number in numbered(plain) if word[0].isupper()}
        months = {word for word in re.findall(r"\w+", plain) if MONTH_OR_DAY.fullmatch(word)}
        told = figures(plain)
        named = {one for one in told if one.text not in amounts and _is_name(one.text)}
        counted = {one for one in told - named if not any(thing.endswith(f" {one.text}") for thing in things)}
        words = {word for word in content_words(plain) if not re.search(r"\d", word)}.difference(NUMBER_WORDS)
        of_what = things | months | {one.text for one in named} | set(_WHEN.findall(" ".join(row.names if row else ())))
        return cls(
            frozenset(words), frozenset(counted), frozenset(of_what), bool(NEGATION.search(text)), _table(file, row)
        )

    def likeness(self, other: _Said) -> float:
        """Jaccard of the words, 0 where they are too few or speak of another thing or time. A row of the same table,
        as "prices-2022" and "prices-2024" have it, needs fewer, if they are the same."""
        if self.of_what != other.of_what or not self.words or not other.words:
            return 0.0
        alike = len(self.words & other.words) / len(self.words | other.words)
        least = LEAST_OF_ROW if self.table and self.table == other.table and alike == 1 else LEAST_WORDS
        return alike if min(len(self.words), len(other.words)) >= least else 0.0

    def agrees_with(self, other: _Said) -> bool:
        """Of two that are alike."""
        if self.denied != other.denied:
            return False
        mine, theirs = set(self.figures), set(other.figures)
        same = all(one.stands_among(theirs) for one in mine) and all(one.stands_among(mine) for one in theirs)
        return same or not mine or not theirs


def _table(file: str, row: Row | None) -> str:
    name = re.sub(r"[\d_. -]+", "", file.rpartition(".")[0])
    return f"{name} {' '.join(row.names)}".casefold() if row else ""


def _is_name(figure: str) -> bool:
    """A code ("p200", "q1"), a year or a date is no amount of anything."""
    return bool(_WHEN.fullmatch(figure)) or any(map(str.isalpha, figure))


def with_differing(answer: Answer, passages: Sequence[Passage]) -> Answer:
    """The answer with those sentences of other files that say otherwise what it quotes, from the `passages` that were
    found and from what its writer was shown."""
    if not answer.citations:
        return answer
    places = list(dict.fromkeys((*passages, *answer.passages)))  # the embedded reader was shown what was found
    sentences = [(one, _Said.of(one.text, places[one.passage].file, one.row)) for one in sentences_of_all(places)]
    found = [
        Differing(number, cite(other, places), denies)
        for number, quoted in enumerate(answer.citations, start=1)
        for other, denies in _others(quoted, sentences, places)
    ]
    return replace(answer, differing=tuple(found)) if found else answer


def _others(
    quoted: Citation, sentences: Sequence[tuple[Sentence, _Said]], passages: Sequence[Passage]
) -> list[tuple[Sentence, bool]]:
    """Of each other file, up to `MOST`, in the order of their names, the sentence that is most alike, and whether it
    denies; none where one of the file's sentences agrees."""
    said = _as_read(quoted, sentences, passages)
    alike: dict[str, list[tuple[float, Sentence, _Said]]] = {}
    for sentence, other in sentences:
        file, likeness = passages[sentence.passage].file, said.likeness(other)
        if file != quoted.file and likeness >= ALIKE:
            alike.setdefault(file, []).append((likeness, sentence, other))
    best = {
        file: max(found, key=lambda one: one[0])
        for file, found in alike.items()
        if not any(said.agrees_with(other) for *_, other in found)
    }
    return [(best[file][1], best[file][2].denied != said.denied) for file in sorted(list(best)[:MOST])]


def _as_read(quoted: Citation, sentences: Sequence[tuple[Sentence, _Said]], passages: Sequence[Passage]) -> _Said:
    """What is quoted, as a row where it is one."""
    for sentence, said in sentences:
        if (passages[sentence.passage].file, sentence.start, sentence.end) == (quoted.file, quoted.start, quoted.end):
            return said
    return _Said.of(quoted.quote, quoted.file)
