"""A follow-up question made to stand alone by rule: what it leaves out is taken from the question before it."""

from __future__ import annotations

import re

from rag.clause import VERBS, Clause
from rag.counterpart import with_value
from rag.lexical import STOP_WORDS, content_words, words_of
from rag.phrase import COMMANDS, PREPOSITIONS, phrases

FEW_WORDS = 4
"""A question with more words of its own names what it is about, pronoun or not."""

_PREPOSITION = "|".join(PREPOSITIONS)
_VERB = "|".join(sorted(VERBS | COMMANDS))
_OPENING = re.compile(
    r"(?:(?:and|but|or|so|then|also|ok|okay|please)\b[\s,]*)*(?:(?:what|how)\s+about\b\s*)?", re.IGNORECASE
)
_ASKS_MORE = re.compile(r"(?:what|which|how\b.*)$", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:its?|they|them|theirs?|he|his|him|she|hers?|these|those|then|ones)\b"
    r"|\bthis\b(?! (?:year|month|week|quarter)\b)|\b(?:that|one|there)\W*$|\bwhich one\b"
    rf"|(?:^|\b(?:{_VERB}|{_PREPOSITION}) )that\b",
    re.IGNORECASE,
)
"""In a question without the names in capital letters, such as IT."""
_ITS = re.compile(r"(?:its|their|his|her) ", re.IGNORECASE)
_ITS_WHAT = re.compile(r"(wh\w+ (?:is|are|was|were)) (?:its|their|his|her) ([\w -]+)$", re.IGNORECASE)
"""Asks for one thing of the subject, which can be named in its place."""
_PERSON = re.compile(r"\b(?:he|his|him|she|hers?)\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\b(?:they|them|theirs?|these|those|ones)\b", re.IGNORECASE)
_PRONOUNS = frozenset(
    "it its they them their theirs he his him she her hers this that these those then there instead one ones i we you"
    " me us my our your anybody anyone anything somebody someone something nobody nothing everybody everyone"
    " everything".split()
)
_FULL_NAME = re.compile(r"[A-ZÀ-Þ][\w'’.-]+(?: [A-ZÀ-Þ][\w'’.-]*\w)+")
_CONDITION = re.compile(r"(?:if|unless|even|only|except)\b", re.IGNORECASE)
_UNIT = "(?:year|quarter|month|week|day)"
_BESIDE = re.compile(
    rf"(?:(?:{_PREPOSITION}) )?(?:(?:the|an?|one) )?(?:{_UNIT} (?:before|earlier|prior|after|later)"
    rf"|(?:previous|preceding|prior|following|next|last) {_UNIT})",
    re.IGNORECASE,
)
"""A time that is told by another: "the year before"."""
_FORWARD = re.compile(r" (?:after|later|following|next)\b", re.IGNORECASE)
_ONLY_MORE = frozenset("example examples detail details rest other others explanation source sources".split())
"""What a command asks of what was answered: "give an example"."""
_IN_OTHER_TERMS = re.compile(
    rf"(?:(?:me|us) )?(?!(?:about|of|to (?:me|us))\b)(?:{_PREPOSITION}) (?!wh|how\b)", re.IGNORECASE
)
"""What a command asks to be seen otherwise: "show me for 2020"."""
_CARRIED = re.compile(r"\(([^()]*\w[^()]*)\)\W*$")


def joined(last: str, answer: str, question: str) -> str:
    """`question` as it is to be searched for after the question `last` and its answer; itself where it stands alone.

    A value takes the place of its counterpart in the last question ("and in EUR?"), a question word that of the last
    one ("since when?"); else the last question's subject follows in parentheses, where the next one finds it.
    """
    if not words_of(last) or not points_back(question):
        return question
    asked = _bare(question)
    if _ITS.match(asked):
        asked = f"what is {asked}"
    parts, before = Clause.of(asked), _bare(last)
    if parts.is_value and phrases(asked) and (_opening(question) or (question.endswith("?") and not _points(asked))):
        if _CONDITION.match(asked) or _BESIDE.fullmatch(asked):
            return _sentence(_year_beside(before, asked) or f"{before} {asked}")
        return with_value(f"{before}?", asked)
    old = Clause.of(before)
    if parts.is_word and not old.is_command:
        return _sentence(parts.word, parts.noun, old.verb.lower(), old.counted, old.rest)
    subject = _subject(before, answer, asked)
    if not words_of(subject):
        return question
    what = _ITS_WHAT.match(asked)
    return _sentence(what[1], "the", what[2], "of", subject) if what else _sentence(asked, f"({subject})")


def points_back(question: str) -> bool:
    """Whether it asks for more of what was asked before: by a value or a question word alone, or by few words and a
    pronoun. What is blank asks nothing."""
    if not words_of(question):
        return False
    asked = _bare(question)
    parts = Clause.of(asked)
    own = own_words(question)
    if len(own) > FEW_WORDS:
        return False
    if parts.is_command:
        return _points(asked) or _asks_more(parts.rest)
    if parts.is_value and (_opening(question) or asked.split(maxsplit=1)[0].lower() in PREPOSITIONS):
        return True
    named = any(phrase.kind == "name" for phrase in phrases(asked))
    return _points(asked) or parts.is_word or parts.counts_nothing or (len(own) < 2 and not (parts.word and named))


def _asks_more(wanted: str) -> bool:
    """Whether what a command wants is more of what was answered, and nothing that it names."""
    named = [word for word in own_words(wanted) if word not in _ONLY_MORE]
    return not named or (len(named) <= 2 and bool(_IN_OTHER_TERMS.match(wanted)))


def _year_beside(last: str, asked: str) -> str | None:
    """The last question with the year before or after its own; None where it has none, or several."""
    years = [phrase for phrase in phrases(last) if phrase.kind == "year"]
    if len(years) != 1 or not re.search(r"\b(?:the|an?|one)\b.*\byear\b", asked, re.IGNORECASE):
        return None
    old = years[0]
    number = re.compile(r"\d+$")
    step = 1 if _FORWARD.search(asked) else -1
    return last[: old.start] + number.sub(lambda year: f"{int(year[0]) + step:02}", old.words[-1]) + last[old.end :]


def names_its_subject(question: str) -> bool:
    """Whether it is sure to stand alone: it points at nothing and has more than a few words of its own."""
    asked = _bare(question)
    return not _points(asked) and len(own_words(question)) > FEW_WORDS


def is_asked(text: str) -> bool:
    """Whether it is a question, be it without its mark."""
    parts = Clause.of(_bare(text))
    return text.rstrip().endswith("?") or bool(parts.word) or (bool(parts.verb) and not parts.noun)


def own_words(question: str) -> list[str]:
    """The words that carry its meaning, lower case, but for pronouns."""
    return [word for word in content_words(_bare(question)) if word not in _PRONOUNS]


def _opening(question: str) -> str:
    match = _OPENING.match(question)
    return match.group() if match else ""


def _bare(question: str) -> str:
    """Without "and", "what about" and the mark at its end; "what's" is "what is"."""
    asked = question[len(_opening(question)) :].strip(" ?!.") or question.strip(" ?!.")
    return re.sub(r"^(wh\w+|how)['’]s\b", r"\1 is", asked, flags=re.IGNORECASE)


def _points(text: str) -> bool:
    """Whether a word in it stands for something said before; IT and other names in capitals do not."""
    return bool(_POINTING.search(re.sub(r"\b[A-Z]{2,}\b", "", text)))


def _subject(last: str, answer: str, asked: str) -> str:
    """What the last question is about, with what stands in parentheses behind it: there, what it was about itself."""
    carried = _CARRIED.search(last)
    head = last[: carried.start()] if carried else ""
    if carried and points_back(head):
        own = "" if _points(head) else _about(head, asked)
        joint = " " if carried[1].split()[0].lower() in PREPOSITIONS else ", "
        subject = joint.join(piece for piece in (own, carried[1]) if piece)
    else:
        subject = _about(last, asked)
    return _with_person(subject, last, answer, asked)


def _about(last: str, asked: str) -> str:
    """The last question without what it asks for, where the new one asks for something else of the same."""
    old, new = Clause.of(last), Clause.of(asked)
    noun, rest = old.noun if new.counts_nothing else old.counted, old.rest
    if _ASKS_MORE.search(new.word) and not new.counts_nothing:
        noun = noun if _SEVERAL.search(asked) or not content_words(rest) else ""
        rest = old.beyond_attribute
    return _trimmed(f"{noun} {rest}")


def _with_person(subject: str, last: str, answer: str, asked: str) -> str:
    """With the person of the answer, where he or she is asked for and is not named in the subject."""
    if not _PERSON.search(asked) or _FULL_NAME.search(subject):
        return subject
    names = [name for name in _FULL_NAME.findall(answer) if name.lower() not in last.lower()]
    return ", ".join([*names[:1], subject])


def _trimmed(text: str) -> str:
    """Without pronouns and auxiliary verbs, and without words that carry no meaning at its ends."""
    words = [word for word in text.split() if word.lower() not in _PRONOUNS | VERBS]
    while words and words[0].lower() in STOP_WORDS:
        words.pop(0)
    while words and words[-1].lower() in STOP_WORDS:
        words.pop()
    return " ".join(words)


def _sentence(*pieces: str) -> str:
    text = " ".join(piece for piece in pieces if piece)
    return f"{text[:1].upper()}{text[1:]}?"
