"""The phrases of a question: values, names and groups of plain words, and those that "and" or "or" joins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.lexical import STOP_WORDS

Kind = Literal["year", "date", "number", "currency", "name", "words"]
Token = re.Match[str]

PREPOSITIONS = tuple(
    "about after at before beside between by during for from in into of on over per since through to towards under"
    " until up via with within without".split()
)
HELPERS = frozenset("do does did can could may might must shall should will would".split())
COMMANDS = frozenset("compare define describe explain find give list show summarise summarize tell translate".split())
COMMAND = re.compile(rf"(?!list\s+prices?\b)(?:{'|'.join(sorted(COMMANDS))})\b", re.IGNORECASE)
_ARTICLES = frozenset("a an the this that these those each every any".split())
_BOTH = frozenset(("both", "either"))
_EMPTY = STOP_WORDS | set(PREPOSITIONS)
_TOKEN = re.compile(r"[^\W_](?:[\w.,'’:/+&-]*\w)?")
YEAR = re.compile(r"(?:FY\s?['’]?)?(?:19|20)\d\d|FY\s?['’]?\d\d")
MONTH_OR_DAY = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|Q[1-4])"
)
CURRENCY = re.compile(
    r"EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|MYR|BRL|euros?|dollars?|pounds|francs|yen|ringgit"
)
FIGURE = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a question that stand together, text[start:end], with the preposition and the article before them and
    the word behind; `several` where they are joined phrases."""

    words: tuple[str, ...]
    start: int
    end: int
    kind: Kind
    preposition: str
    article: str
    following: str
    several: bool = False

    @property
    def shape(self) -> tuple[bool, ...]:
        """Which of the words hold a figure, as codes and the numbers of models do."""
        return tuple(any(map(str.isdigit, word)) or "_" in word for word in self.words)


def phrases(text: str) -> list[Phrase]:
    """The values and the groups of plain words of a question, in their order; of a group after "does" or "may" without
    the verb at its end."""
    found: list[Phrase] = []
    helped = False
    for group, before, following in _groups(text):
        helped = helped or not HELPERS.isdisjoint(before)
        phrase = _phrase(group, before, following)
        if helped and _ends_in_verb(phrase, first=not found):
            helped, phrase = False, _phrase(group[:-1], before, group[-1].group())
        if phrase.words:
            found.append(phrase)
    return found


def joined_phrases(text: str, *, commas: bool) -> list[Phrase]:
    """The phrases, those of one kind that "and", "or" or a range joins as one: "2018 and 2019", "the first or second
    parent". Commas join what stands before such a pair, and with `commas` any."""
    found: list[Phrase] = []
    for one in reversed(phrases(text)):
        joint = text[one.end : found[0].start] if found else ""
        listed = bool(found) and (commas or found[0].several) and joint.strip() == ","
        if found and (listed or _joins(joint, one)) and _alike(one, found[0]):
            last = found[0]
            found[0] = replace(one, words=one.words + last.words, end=last.end, following=last.following, several=True)
        else:
            found.insert(0, one)
    return found


def _joins(joint: str, one: Phrase) -> bool:
    """Whether the words between make one of two; those of a range do for years, dates and numbers only."""
    words = [word for word in joint.lower().replace(",", " ").split() if word not in _ARTICLES | _BOTH]
    if one.kind in ("year", "date", "number") and words in (["to"], ["until"], ["till"], ["through"], ["-"], ["–"]):
        return True
    return words[:1] in (["and"], ["or"], ["&"]) and words[1:] in ([], [one.preposition])


def _alike(one: Phrase, other: Phrase) -> bool:
    """Whether both are of one kind; a bare number goes on from a numbered thing, as in "sections 3 and 4"."""
    return one.kind == other.kind or (other.kind == "number" and len(other.words) == 1 and one.shape[-1])


def _groups(text: str) -> Iterator[tuple[list[Token], list[str], str]]:
    """The tokens that stand together, the empty words before them and the word behind, lower case. A command that opens
    a sentence is such an empty word."""
    group: list[Token] = []
    before: list[str] = []
    for token in _TOKEN.finditer(text):
        word, start = token.group(), text[: token.start()].rstrip()[-1:] in ("", ".", "?", "!")
        empty = _is_empty(word, start=start) or bool(start and COMMAND.match(text, token.start()))
        if group and (empty or _parts(group[-1], token, text)):
            yield group, before, word.lower()
            group, before = [], []
        if empty:
            before.append(word.lower())
        else:
            group.append(token)
    if group:
        yield group, before, ""


def _is_empty(word: str, *, start: bool) -> bool:
    """Whether the word carries no meaning; the US, IT and the month of May do."""
    return word.lower() in _EMPTY and (word.islower() or word == "I" or (start and word.istitle()))


def _parts(last: Token, token: Token, text: str) -> bool:
    """Whether a new group begins: at a mark, a year, a currency, and where names and plain words meet."""
    words = (last.group(), token.group())
    if text[last.end() : token.start()].strip() or any(
        YEAR.fullmatch(word) or CURRENCY.fullmatch(word) for word in words
    ):
        return True
    return not any(FIGURE.fullmatch(word) for word in words) and _is_name(words[0]) != _is_name(words[1])


def _is_name(word: str) -> bool:
    """A name, a code, an identifier: with a capital letter, or with a figure or an underscore in it."""
    return any(letter.isupper() or letter.isdigit() or letter in "_:" for letter in word)


def _phrase(group: Sequence[Token], before: Sequence[str], following: str) -> Phrase:
    words = tuple(token.group() for token in group)
    before = [word for word in before if word not in _BOTH]
    article = before[-1] if before and before[-1] in _ARTICLES else ""
    last = before[-2:-1] if article else before[-1:]
    preposition = last[0] if last and last[0] in PREPOSITIONS else ""
    start, end = (group[0].start(), group[-1].end()) if group else (0, 0)
    return Phrase(words, start, end, _kind(words), preposition, article, following)


def _kind(words: Sequence[str]) -> Kind:
    if any(map(YEAR.fullmatch, words)):
        return "year"
    if any(map(MONTH_OR_DAY.fullmatch, words)):
        return "date"
    if any(map(CURRENCY.fullmatch, words)):
        return "currency"
    if any(map(FIGURE.fullmatch, words[:1])):
        return "number"
    return "name" if any(_is_name(word) and not FIGURE.fullmatch(word) for word in words) else "words"


def _ends_in_verb(phrase: Phrase, *, first: bool) -> bool:
    """Whether, after "does", its last word is the verb: "does the second parent get", "does Acme pay"."""
    if phrase.kind != "words" or not phrase.words[-1].isalpha() or phrase.following in ("be", "have", "been"):
        return False
    if phrase.preposition and phrase.following in PREPOSITIONS:
        return False
    return len(phrase.words) > 1 or not (first or phrase.preposition or phrase.article)
