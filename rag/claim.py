"""What a claim says that a quote must say too: its figures and its direction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from rag.asked import with_years
from rag.lexical import content_words

_WORD = re.compile(r"[^\W_][\w.,/:-]*")
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)([a-z]*)")
SCALES = {
    "thousand": "thousand", "k": "thousand",
    "million": "million", "mn": "million", "m": "million",
    "billion": "billion", "bn": "billion", "b": "billion",
    "trillion": "trillion",
    "percent": "percent", "%": "percent",
}  # fmt: skip
"""Words behind a number, which figures compare: a table says "in millions" once, above all its rows."""
_WHICH = r"(?:\s+(?:from|in|of|number|provided|given|above|\[?\d+\]?|\S+\.\w{2,5}))*"
_SOURCE = rf"(?:the |this |these )?(?:passages?|documents?|text|context|quote)\b{_WHICH}"
_GIVEN = r"(?:the information (?:provided |given |contained )?(?:in|by|from) )?"
_HANDING_OVER = re.compile(
    rf"^(?:yes\b[,.:;]\s*)?(?:(?:according to|as stated in|based on) {_GIVEN}{_SOURCE},\s*"
    rf"|{_SOURCE} (?:states?|says?|mentions?|indicates?|notes?|shows?) that\s+)?",
    re.IGNORECASE,
)
NEGATION = re.compile(r"\b(?:not|no|never|none|nor|neither|without|cannot)\b|n['’]t\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:()–—]|\b(?:and|but|while|whereas|although)\b", re.IGNORECASE)
_OPPOSITES = (
    ("on", "off"), ("before", "after"), ("above", "below"), ("over", "under"), ("more", "less"), ("more", "fewer"),
    ("increase", "decrease"), ("increased", "decreased"), ("higher", "lower"), ("rose", "fell"), ("up", "down"),
    ("first", "last"), ("minimum", "maximum"), ("enable", "disable"), ("enabled", "disabled"), ("true", "false"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the scale word behind it ("1.2 billion"), or an identifier that holds digits ("q8_0")."""

    text: str
    scale: str | None = None

    def stands_among(self, others: set[Figure]) -> bool:
        """A scale may be missing on either side (a table says "in millions" once), but not be another one."""
        return any(
            other.text == self.text and (self.scale is None or other.scale is None or self.scale == other.scale)
            for other in others
        )


def stated(sentence: str) -> str:
    """What a sentence claims, without the words that hand it over: "Yes, …", "The passage states that …". A "no" says
    something, and so does a "yes" to what is denied: they stay."""
    claim = _HANDING_OVER.sub("", sentence)
    return sentence if NEGATION.search(claim) else claim


def figures(text: str) -> set[Figure]:
    """Every number and every identifier with a digit in it; "24GB" and "24 GB" are the number 24, FY22 is 2022."""
    plain = with_years(text).lower()
    words = [word.strip(".,:-/") for word in re.findall(r"[^\s\"'`()\[\]{}<>=*|$€£%]+|%", plain)]
    return set(_figures([word for word in words if word]))


def _figures(words: list[str]) -> Iterator[Figure]:
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        number = _NUMBER.fullmatch(word)
        if number:
            scale = SCALES.get(number.group(2)) or SCALES.get(following)
            yield Figure(number.group(1).replace(",", ""), scale)
        elif any(character.isdigit() for character in word):
            yield Figure(word)


def contradicts(claim: str, quote: str) -> bool:
    """Whether one of them denies what the other says, or says the opposite word of a pair.

    Of a quote only the clauses count that share a word with the claim. This errs towards a contradiction:
    a true claim that is shown as unsupported costs less than a false one that is shown with a quote.
    """
    meant = set(content_words(claim))
    clauses = [clause for clause in _CLAUSE.split(quote) if meant & set(content_words(clause))]
    near = " ".join(clauses) or quote
    if bool(NEGATION.search(claim)) != bool(NEGATION.search(near)):
        return True
    claimed, said = _words(claim), _words(quote)
    return any(_opposed(one, other, claimed, said) for one, other in _OPPOSITES)


def _opposed(one: str, other: str, claimed: set[str], said: set[str]) -> bool:
    here, there = {one, other} & claimed, {one, other} & said
    return len(here) == len(there) == 1 and here != there


def _words(text: str) -> set[str]:
    return {word.strip(".,:-/").lower() for word in _WORD.findall(text)}
