"""What a question asks for, told by rules: a time, a number, a name, a reason; its parts; the words to look for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from rag.lexical import content_words

Kind = Literal["time", "number", "name", "reason", "other"]

_NOUNS = {
    "time": "year|date|time|day|month|century|decade|era|period|week|weekday",
    "number": "percent|percentage|number|amount|price|cost|rate|ratio|total|population|temperature|fraction|share|limit"
    "|size|length|height|weight|age|margin|revenue|speed|count|sum|value",
    "name": "person|people|company|organisation|organization|author|king|queen|president|scientist|name|group|team|city"
    "|country|state|place|region|town|location|river|island|continent|county|street|language|book|film|song",
    "reason": "reason|reasons|cause|causes|caused|led",
}
_ASKING = {
    "time": r"\bwhen\b|\bhow long ago\b",
    "number": r"\bhow\s+(?:many|much|long|old|far|tall|high|large|big|often|fast|deep|wide|heavy|hot|cold)\b",
    "name": r"\b(?:who|whom|whose|where)\b",
    "reason": r"\bwhy\b",
}
_KINDS: dict[Kind, re.Pattern[str]] = {
    kind: re.compile(rf"{_ASKING[kind]}|\b(?:what|which)\s+(?:[\w'’-]+\s+){{0,3}}?(?:{_NOUNS[kind]})\b", re.IGNORECASE)
    for kind in ("time", "number", "name", "reason")
}

_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
NUMBER_WORDS = tuple(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen"
    " half twice once double".split()
)
"""From one to twenty in their order, then others."""
_FITTING: dict[Kind, re.Pattern[str]] = {
    "time": re.compile(
        rf"\b1\d{{3}}s?\b|\b20\d\ds?\b|\b(?:{_MONTH})\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
        r"|\b\d{1,2}(?::\d\d)?\s*(?:am|pm|a\.m\.|p\.m\.|o'clock)|\b\d{1,2}:\d\d\b|\b\d+(?:st|nd|rd|th)\b"
        r"|\b(?:today|tomorrow|yesterday|tonight|noon|midnight|weekend|centur(?:y|ies)|decade)\b"
        r"|\b(?:last|next|this|every|each)\s+(?:year|month|week|quarter)\b|\b(?:daily|weekly|monthly|quarterly|annually)\b",
        re.IGNORECASE,
    ),
    "number": re.compile(rf"\d[\d.,]*|\b(?:{'|'.join(NUMBER_WORDS)})\b", re.IGNORECASE),
    "name": re.compile(r"(?<![.!?:]\s)(?<!^)(?<!^[\"“(*#-])\b[A-Z][\w'’.-]*"),
    "reason": re.compile(
        r"\b(?:because|due to|since|so that|as a result|owing to|in order to|caused|causes|therefore|led to|thanks to"
        r"|reasons?)\b",
        re.IGNORECASE,
    ),
}
_FINANCIAL_YEAR = re.compile(r"\bFY\s?['’]?((?:20)?\d\d)(?!\d)", re.IGNORECASE)
_QUARTERS = {"first": "Q1", "second": "Q2", "third": "Q3", "fourth": "Q4"}
_QUARTER = re.compile(r"\b(first|second|third|fourth)\s+quarter\b", re.IGNORECASE)
_PART = re.compile(
    r"\?\s+|,?\s+\band\s+(?=(?:in\s+|on\s+|at\s+|by\s+|for\s+)?(?:who|whom|whose|what|which|when|where|why|how|is|are"
    r"|was|were|do|does|did|has|have|can|could|will|would|should)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """A question as the embedded reader understands it."""

    text: str

    @cached_property
    def kind(self) -> Kind:
        """What a good answer holds; "other" where the rules do not tell."""
        found = {kind: match.start() for kind, pattern in _KINDS.items() if (match := pattern.search(self.text))}
        return min(found, key=lambda kind: found[kind], default="other")

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words that carry its meaning, lower case; financial years and quarters as tables write them (FY22: 2022,
        second quarter: Q2 too)."""
        plain = with_years(self.text)
        plain = _QUARTER.sub(lambda found: f"{found.group()} {_QUARTERS[found.group(1).lower()]}", plain)
        return tuple(word for word in content_words(plain) if len(word) > 1 or word.isdigit())

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The questions in it, where it asks several at once; else itself."""
        parts = [part.strip() for part in _PART.split(self.text) if part and content_words(part)]
        return tuple(parts) if len(parts) > 1 else (self.text,)

    def fitting(self, sentence: str) -> float:
        """1 where the sentence holds a thing of the kind asked for that is not in the question already (a date, a
        number, a name, a reason), -1 where it does not, 0 where the question asks for nothing of these kinds."""
        pattern = _FITTING.get(self.kind)
        if pattern is None:
            return 0.0
        known = _plain_words(self.text)
        return 1.0 if any(not _plain_words(found.group()) <= known for found in pattern.finditer(sentence)) else -1.0


def with_years(text: str) -> str:
    """Financial years as the years that tables have: FY22 becomes 2022."""
    return _FINANCIAL_YEAR.sub(lambda found: f"20{found.group(1)[-2:]}", text)


def _plain_words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
