"""Names in a text: what one passage says of another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.lexical import STOP_WORDS, words_of

_PART = r"(?:[A-Z][\w'’-]*\w|[A-Z]\.|\d[\w.-]*\w)"
_NAME = re.compile(
    rf"\b[A-Z](?:[\w'’-]*\w|\.)(?:\s+(?:(?:of|the|and|in|for|de|del|della|van|von|der|den|la|le|du|al|bin|&)\s+){{0,2}}{_PART})*"
)
_STARTS = re.compile(r"(?:^|[.!?:;]\s+|[\n\0]\s*|[\"“(]\s*)$")
_NEAR = 4
_BREAK = re.compile(r"\n\s*")
_WRAPPED = 40
"""Characters of a line that was broken for its length; a shorter one (a heading, an item) ends with its last word."""


def names(text: str) -> Iterator[tuple[str, int]]:
    """Names and where they begin, in their order. A single word that begins a sentence is none unless it stands inside
    one too: every sentence begins with a capital. None goes on behind a heading or a blank line, and a word before a
    colon is a label ("Owner: Ada Moreau")."""
    text = _BREAK.sub(_parted, text)
    for match in _NAME.finditer(text):
        name, start = _bare(match.group(), match.start())
        words = words_of(name)
        if not words or all(word in STOP_WORDS for word in words):
            continue
        single = len(name.split()) == 1
        if single and text.startswith(":", match.end()):
            continue
        begins = _STARTS.search(text[max(0, match.start() - _NEAR) : match.start()]) or match.start() == 0
        if single and start == match.start() and begins and f" {name}" not in _inside(text, start):
            continue
        yield " ".join(name.split()), start


def _parted(gap: re.Match[str]) -> str:
    """A mark that no document holds for the end of a short line or a paragraph; as long as it was."""
    line = gap.start() - (gap.string.rfind("\n", 0, gap.start()) + 1)
    wrapped = line >= _WRAPPED and gap.group().count("\n") == 1
    return gap.group() if wrapped else "\0" * len(gap.group())


def _bare(name: str, start: int) -> tuple[str, int]:
    """Without a first word that only begins a sentence ("The Beatles", "In Paris")."""
    first, _, rest = name.partition(" ")
    if rest and first.lower() in STOP_WORDS:
        return rest.strip(), start + len(name) - len(rest)
    return name, start


def _inside(text: str, start: int) -> str:
    return text[:start] + text[start + 1 :]
