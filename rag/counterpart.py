"""A new value in the place of its counterpart: "and in EUR?" after "What does it cost in USD?"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.phrase import FIGURE, PREPOSITIONS, Phrase, joined_phrases

_POSSESSIVE = re.compile(r"['’]s?$")
_BOTH = r"(?:\b(?:both|either)\s+)?"
_LEAD = re.compile(rf"{_BOTH}(?:\b(?:{'|'.join(PREPOSITIONS)})\s+)?{_BOTH}(?:\b(?:an?|the|each|every|any)\s+)?$", re.IGNORECASE)
"""What stands before a phrase and belongs to it."""


def with_value(question: str, value: str) -> str:
    """The question with each phrase of `value` in the place of its counterpart, or at its end where it has none."""
    for new in phrases(value):
        old = _counterpart(phrases(question), new)
        if old is None:
            question = _appended(question, new, value[new.start : new.end])
        else:
            question = question[: old.start] + " ".join(_aligned(old, new)) + question[old.end :]
    return question


def _counterpart(among: Sequence[Phrase], new: Phrase) -> Phrase | None:
    def likeness(old: Phrase) -> tuple[bool, ...]:
        prepositions = old.preposition == new.preposition, bool(old.preposition) == bool(new.preposition)
        return _share(old, new), *prepositions, old.article == new.article, old.shape == new.shape

    fitting = [old for old in among if old.kind == new.kind and (_share(old, new) or _fit(old, new))]
    return max(fitting, key=likeness, default=None)


def _fit(old: Phrase, new: Phrase) -> bool:
    """Whether one may stand for the other though they share no word."""
    same_preposition = old.preposition == new.preposition
    if new.kind == "number":
        return old.words[1:2] == new.words[1:2]
    if new.kind == "name":
        return same_preposition or not new.preposition or any(old.shape) == any(new.shape)
    if new.kind == "words" and not new.preposition:
        return same_preposition and bool(old.article) and bool(new.article or old.following not in PREPOSITIONS)
    return same_preposition or new.kind != "words"


def _share(old: Phrase, new: Phrase) -> bool:
    return not {word.lower() for word in old.words}.isdisjoint(word.lower() for word in new.words)


def _aligned(old: Phrase, new: Phrase) -> Iterator[str]:
    """The new words; where both share a word, what the new phrase leaves out before or behind it is the old one's."""
    plain = [word.lower() for word in old.words]
    shared = [place for place, word in enumerate(new.words) if word.lower() in plain]
    if shared and shared[0] == 0:
        yield from old.words[: plain.index(new.words[0].lower())]
    yield from new.words[:-1]
    yield new.words[-1] if _POSSESSIVE.search(old.words[-1]) else _POSSESSIVE.sub("", new.words[-1])
    if shared and shared[-1] == len(new.words) - 1:
        yield from old.words[plain.index(new.words[-1].lower()) + 1 :]


def _appended(question: str, new: Phrase, words: str) -> str:
    """Within the parentheses where the question ends in some: they go on to the next question."""
    body = question.rstrip("?!. ")
    joint = f" {new.preposition}" if new.preposition else ","
    added = " ".join(piece for piece in (joint, new.article, words) if piece)
    return f"{body[:-1]}{added})?" if body.endswith(")") else f"{body}{added}?"
