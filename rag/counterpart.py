"""A new value in the place of its counterpart: "and in EUR?" after "What does it cost in USD?"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.lexical import STOP_WORDS

Kind = Literal["date", "number", "currency", "name", "words"]
Token = re.Match[str]

PREPOSITIONS = tuple(
    "about after at before beside between by during for from in into of on over per since through to towards under"
    " until up via with within without".split()
)
HELPERS = frozenset("do does did can could may might must shall should will would".split())
_ARTICLES = frozenset("a an the this that these those each every any".split())
_EMPTY = STOP_WORDS | set(PREPOSITIONS)
_TOKEN = re.compile(r"[^\W_](?:[\w.,'’:/+&-]*\w)?")
_YEAR = re.compile(r"(?:FY\s?['’]?)?(?:19|20)\d\d|FY\s?['’]?\d\d")
_MONTH_OR_DAY = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|Q[1-4])"
)
_CURRENCY = re.compile(
    r"EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|MYR|BRL|euros?|dollars?|pounds|francs|yen|ringgit"
)
_FIGURE = re.compile(r"\d[\d.,]*")
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of a question that stand together, text[start:end], with the preposition and the article before them and
    the word behind."""

    words: tuple[str, ...]
    start: int
    end: int
    kind: Kind
    preposition: str
    article: str
    following: str

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


def _groups(text: str) -> Iterator[tuple[list[Token], list[str], str]]:
    """The tokens that stand together, the empty words before them and the word behind, lower case."""
    group: list[Token] = []
    before: list[str] = []
    for token in _TOKEN.finditer(text):
        word, start = token.group(), text[: token.start()].rstrip()[-1:] in ("", ".", "?", "!")
        empty = _is_empty(word, start=start)
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
        _YEAR.fullmatch(word) or _CURRENCY.fullmatch(word) for word in words
    ):
        return True
    return not any(_FIGURE.fullmatch(word) for word in words) and _is_name(words[0]) != _is_name(words[1])


def _is_name(word: str) -> bool:
    """A name, a code, an identifier: with a capital letter, or with a figure or an underscore in it."""
    return any(letter.isupper() or letter.isdigit() or letter in "_:" for letter in word)


def _phrase(group: Sequence[Token], before: Sequence[str], following: str) -> Phrase:
    words = tuple(token.group() for token in group)
    article = before[-1] if before and before[-1] in _ARTICLES else ""
    last = before[-2:-1] if article else before[-1:]
    preposition = last[0] if last and last[0] in PREPOSITIONS else ""
    start, end = (group[0].start(), group[-1].end()) if group else (0, 0)
    return Phrase(words, start, end, _kind(words), preposition, article, following)


def _kind(words: Sequence[str]) -> Kind:
    if any(_YEAR.fullmatch(word) or _MONTH_OR_DAY.fullmatch(word) for word in words):
        return "date"
    if any(map(_CURRENCY.fullmatch, words)):
        return "currency"
    if any(map(_FIGURE.fullmatch, words[:1])):
        return "number"
    return "name" if any(_is_name(word) and not _FIGURE.fullmatch(word) for word in words) else "words"


def _ends_in_verb(phrase: Phrase, *, first: bool) -> bool:
    """Whether, after "does", its last word is the verb: "does the second parent get", "does Acme pay"."""
    if phrase.kind != "words" or not phrase.words[-1].isalpha() or phrase.following in ("be", "have", "been"):
        return False
    if phrase.preposition and phrase.following in PREPOSITIONS:
        return False
    return len(phrase.words) > 1 or not (first or phrase.preposition or phrase.article)


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
