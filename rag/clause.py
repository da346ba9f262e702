"""A question in parts: its question word, what that counts, its verb and the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.phrase import COMMAND, COMMANDS, HELPERS, PREPOSITIONS

HEAD_WORDS = 4
"""Between a question word and its verb at most: "how many days of leave may"."""

VERBS = frozenset(HELPERS | {"is", "are", "was", "were", "be", "been", "am", "has", "have", "had"})
"""Those that carry no meaning of their own."""

_QUESTION_WORD = re.compile(
    rf"(?:(?:up\s+to|{'|'.join(PREPOSITIONS)})\s+)?(?:who|whom|whose|where|when|why(?:\s+not)?|which|what(?:\s+if)?"
    rf"|how(?:\s+(?!(?:{'|'.join(VERBS)})\b)\w+)?)\b",
    re.IGNORECASE,
)
_TAKES_NOUN = re.compile(r"\b(?:what|which|whose|how (?:many|much))$", re.IGNORECASE)
_NO_NOUN = re.compile(
    r"\b(?:its?|they|them|he|she|we|you|this|that|these|those|there|\w+ed)$|^(?:I|we|you)\b", re.IGNORECASE
)
_UNITS = frozenset(
    "year month week day hour minute second millisecond time date percent percentage share number amount euro"
    " dollar".split()
)
_ATTRIBUTE = re.compile(r"(?:the\s+)?(?:[\w-]+\s+){1,3}?(?:of|for)\s+(?=\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clause:
    """The parts, each empty where there is none: "how many", "working days", "may", and what follows."""

    word: str
    noun: str
    verb: str
    rest: str

    @classmethod
    def of(cls, question: str) -> Clause:
        """Of a question without "and" before it and without its mark. A command is a verb: "show", "me the rest"."""
        if command := COMMAND.match(question):
            return cls("", "", command.group(), question[command.end() :].strip())
        match = _QUESTION_WORD.match(question)
        word = match.group() if match else ""
        words = question[len(word) :].split()
        place = next((place for place, one in enumerate(words[: HEAD_WORDS + 1]) if _is_verb(one, place)), None)
        if place is None and word.lower() in ("who", "whom"):
            place = 0
        if place is not None:
            return cls(word, " ".join(words[:place]), " ".join(words[place : place + 1]), " ".join(words[place + 1 :]))
        only_noun = _TAKES_NOUN.search(word) and len(words) <= 2 and not _NO_NOUN.search(" ".join(words))
        return cls(word, " ".join(words), "", "") if only_noun else cls(word, "", "", " ".join(words))

    @property
    def counted(self) -> str:
        """The noun, unless it is but a unit of the answer or what a preposition belonged to."""
        unit = not _UNITS.isdisjoint(word.removesuffix("s") for word in self.noun.lower().split())
        belongs = " " in self.word and self.word.lower().split()[0] in PREPOSITIONS
        return "" if unit or belongs else self.noun

    @property
    def beyond_attribute(self) -> str:
        """The rest; of "what is the default of num_keep" what is behind "of"."""
        attribute = _ATTRIBUTE.match(self.rest) if _TAKES_NOUN.search(self.word) else None
        return self.rest[attribute.end() :] if attribute else self.rest

    @property
    def counts_nothing(self) -> bool:
        """Whether it asks how many of what was counted before."""
        return self.word.lower().endswith("many") and not self.noun

    @property
    def is_word(self) -> bool:
        """Whether it is but a question word: "why", "since which version"."""
        return bool(self.word) and not self.verb and not self.rest

    @property
    def is_command(self) -> bool:
        return self.verb.lower() in COMMANDS and not (self.word or self.noun)

    @property
    def is_value(self) -> bool:
        """Whether it asks nothing by itself: "in EUR", "the second parent"."""
        return not self.word and (bool(self.noun) or not self.verb)


def _is_verb(word: str, place: int) -> bool:
    """Whether it is an auxiliary verb, not the month of May."""
    return word.lower() in VERBS and (word.islower() or place == 0)
