"""A new value in the place of its counterpart: "and in EUR?" after "What does it cost in USD?"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.phrase import FIGURE, PREPOSITIONS, Phrase, joined_phrases

_POSSESSIVE = re.compile(r"['’]s?$")
_BOTH = r"(?:\b(?:both|either)\s+)?"
_LEAD = re.compile(
    rf"{_BOTH}(?:\b(?:{'|'.join(PREPOSITIONS)})\s+)?{_BOTH}(?:\b(?:an?|the|each|every|any)\s+)?$", re.IGNORECASE
)
"""What stands before a phrase and belongs to it."""


def with_value(question: str, value: str) -> str:
    """The question with each phrase of `value` in the place of its counterpart, or at its end where it has none. What
    "and" or "or" joins is one phrase: it comes, and goes, as a whole."""
    free, added = joined_phrases(question, commas=False), []
    pieces: list[tuple[int, int, str]] = []
    for new in joined_phrases(value, commas=True):
        old = _counterpart(free, new)
        if old is None:
            added.append(new)
        else:
            free.remove(old)
            pieces.append(_replacement(question, old, value, new))
    for start, end, words in sorted(pieces, reverse=True):
        question = question[:start] + words + question[end:]
    for new in added:
        question = _appended(question, new, value[new.start : new.end])
    return question


def _replacement(question: str, old: Phrase, value: str, new: Phrase) -> tuple[int, int, str]:
    """The span of the question that gives way, and the words in its place. Where either is of several, the words before
    go with it: "between 2018 and 2019" gives way to "in 2020"."""
    if not (old.several or new.several):
        return old.start, old.end, " ".join(_aligned(old, new))
    words = value[new.start : new.end]
    words = words if _POSSESSIVE.search(question[: old.end]) else re.sub(r"['’]s\b", "", words)
    words = " ".join([words, *_left_out(old, new)])
    before = _lead(question[: old.start])
    if old.preposition and new.preposition:
        return old.start - len(before), old.end, _lead(value[: new.start]) + words
    article = re.sub(_BOTH, "", before, flags=re.IGNORECASE)
    return old.start - len(before), old.end, article + words


def _lead(before: str) -> str:
    """The preposition, the article and "both" at the end of what stands before a phrase."""
    match = _LEAD.search(before)
    return match.group() if match else ""


def _counterpart(among: Sequence[Phrase], new: Phrase) -> Phrase | None:
    def likeness(old: Phrase) -> tuple[bool, ...]:
        prepositions = old.preposition == new.preposition, bool(old.preposition) == bool(new.preposition)
        return _share_a_word(old, new), *prepositions, old.article == new.article, old.shape == new.shape

    fitting = [old for old in among if old.kind == new.kind and (_share_a_word(old, new) or _fit(old, new))]
    return max(fitting, key=likeness, default=None)


def _fit(old: Phrase, new: Phrase) -> bool:
    """Whether one may stand for the other though they share no word."""
    same_preposition = old.preposition == new.preposition
    if new.kind == "number":
        return _unit(old) == _unit(new)
    if new.kind == "name":
        return same_preposition or not new.preposition or any(old.shape) == any(new.shape)
    if new.kind == "words" and not new.preposition:
        return same_preposition and bool(old.article) and bool(new.article or old.following not in PREPOSITIONS)
    return same_preposition or new.kind != "words"


def _unit(phrase: Phrase) -> str:
    return next((word for word in phrase.words if not FIGURE.fullmatch(word)), "")


def _share_a_word(old: Phrase, new: Phrase) -> bool:
    return not {word.lower() for word in old.words}.isdisjoint(word.lower() for word in new.words)


def _aligned(old: Phrase, new: Phrase) -> Iterator[str]:
    """The new words; where both share a word, what the new phrase leaves out before or behind it is the old one's."""
    plain = [word.lower() for word in old.words]
    if new.words[0].lower() in plain:
        yield from old.words[: plain.index(new.words[0].lower())]
    yield from new.words[:-1]
    yield new.words[-1] if _POSSESSIVE.search(old.words[-1]) else _POSSESSIVE.sub("", new.words[-1])
    yield from _left_out(old, new)


def _left_out(old: Phrase, new: Phrase) -> Sequence[str]:
    """The old words behind the one that ends the new phrase: "kept" after "tax records"."""
    plain, last = [word.lower() for word in old.words], new.words[-1].lower()
    return old.words[len(plain) - plain[::-1].index(last) :] if last in plain else ()


def _appended(question: str, new: Phrase, words: str) -> str:
    """Within the parentheses where the question ends in some: they go on to the next question."""
    body = question.rstrip("?!. ")
    joint = f" {new.preposition}" if new.preposition else ","
    added = " ".join(piece for piece in (joint, new.article, words) if piece)
    return f"{body[:-1]}{added})?" if body.endswith(")") else f"{body}{added}?"
