"""Where another document says what is quoted with other figures, or denies it: two versions of a policy, an amendment.

Told of beside the answer and not weighed: which of them is in force, code cannot know. Denials are told in English
alone, and figures where blanks stand between words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
from rag.verify import cite

ALIKE = 0.75
"""Words in common, figures left out (Jaccard): at half of them rows of other products were taken for other versions."""
LEAST_WORDS = 3
MOST = 2
"""Files told of beside one quote."""

_COUNTED = {"once": "1", "twice": "2"} | {
    word: str(number)
    for number, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), start=1)
}
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

    @classmethod
    def of(cls, text: str) -> _Said:
        mark = LISTED.match(text) or _PARAGRAPH.match(text)
        text = text[mark.end() :] if mark else text
        plain = _NUMBER_WORD.sub(lambda found: _COUNTED[found.group().lower()], text)
        amounts = {(before or behind).replace(",", "") for before, behind in _AMOUNT.findall(plain)}
        things = {f"{word.lower()} {number}" for word, number in numbered(plain) if word[0].isupper()}
        months = {word for word in re.findall(r"\w+", plain) if MONTH_OR_DAY.fullmatch(word)}
        told = figures(plain)
        named = {one for one in told if one.text not in amounts and _is_name(one.text)}
        counted = {one for one in told - named if not any(thing.endswith(f" {one.text}") for thing in things)}
        words = {word for word in content_words(plain) if not re.search(r"\d", word)} - NUMBER_WORDS
        of_what = things | months | {one.text for one in named}
        return cls(frozenset(words), frozenset(counted), frozenset(of_what), bool(NEGATION.search(text)))

    def likeness(self, other: _Said) -> float:
        """Jaccard of the words, 0 where they are too few or speak of another thing or time."""
        if min(len(self.words), len(other.words)) < LEAST_WORDS or self.of_what != other.of_what:
            return 0.0
        return len(self.words & other.words) / len(self.words | other.words)

    def agrees_with(self, other: _Said) -> bool:
        """Of two that are alike."""
        if self.denied != other.denied:
            return False
        mine, theirs = set(self.figures), set(other.figures)
        same = all(one.stands_among(theirs) for one in mine) and all(one.stands_among(mine) for one in theirs)
        return same or not mine or not theirs


def _is_name(figure: str) -> bool:
    """A code ("p200", "q1"), a year or a date is no amount of anything."""
    return bool(_WHEN.fullmatch(figure)) or any(map(str.isalpha, figure))


def with_differing(answer: Answer, passages: Sequence[Passage]) -> Answer:
    """The answer with those sentences of other files that say otherwise what it quotes, from the `passages` that were
    found and from what its writer was shown."""
    if not answer.citations:
        return answer
    places = (*passages, *answer.passages)
    sentences = [(one, _Said.of(one.text)) for one in sentences_of_all(places)]
    found = [
        Differing(number, cite(other, places))
        for number, quoted in enumerate(answer.citations, start=1)
        for other in _others(quoted, sentences, places)
    ]
    return replace(answer, differing=tuple(found)) if found else answer


def _others(
    quoted: Citation, sentences: Sequence[tuple[Sentence, _Said]], passages: Sequence[Passage]
) -> Iterator[Sentence]:
    """Of each other file, up to `MOST`, the sentence that is most alike; none where one of its sentences agrees."""
    said = _Said.of(quoted.quote)
    alike: dict[str, list[tuple[float, Sentence, bool]]] = {}
    for sentence, other in sentences:
        file, likeness = passages[sentence.passage].file, said.likeness(other)
        if file != quoted.file and likeness >= ALIKE:
            alike.setdefault(file, []).append((likeness, sentence, said.agrees_with(other)))
    differing = [found for found in alike.values() if not any(agrees for *_, agrees in found)]
    for found in differing[:MOST]:
        yield max(found, key=lambda one: one[0])[1]
