"""Where in a text a call may stand, and where it is only spoken of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.reply.asked import Found
from agents.reply.literals import WRAPPING

_JUNK = " \t\r\n{}[](),;`*"
_QUOTES = ('"', "'", "`", "“", "‘", "«", "„")
_EXAMPLE = re.compile(r"\b(?:example|instance|e\.g\.)(?:.*:|,?)$", re.IGNORECASE)
"""What leads in to an example: such a word last, or a colon after it. A task too can ask for an example."""
_MEANT = re.compile(r"\b(?:I will|I'll|I need|I should|let me|let's|let us)\b", re.IGNORECASE)
_BULLET = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s+")
_NEAR_CHARS = 200
"""As far as a place is looked at on each side: a line that is longer is prose in any case."""
_UNFINISHED = re.compile(r"[{\[]\s*+[\"']\w+[\"']\s*+:.*", re.DOTALL)  # a further call, cut at the token limit
_LEAD_IN = re.compile(r"^[ \t*]*Action[ \t*]*:[ \t*]*$", re.MULTILINE)


def is_junk(text: str) -> bool:
    """Nothing but wrapping, brackets and commas."""
    return not WRAPPING.sub("", text).strip(_JUNK)


def beside(pieces: Sequence[str]) -> str:
    """What the pieces around calls say, without wrapping and without a last call that was cut short."""
    said = _LEAD_IN.sub("", _UNFINISHED.sub("", WRAPPING.sub("", "".join(pieces))))
    return said.strip(" \n{}[](),`")


def grouped(text: str, found: Sequence[Found]) -> list[list[Found]]:
    """Those together that have only junk between them: [search(…), read(…)], {…} {…}."""
    groups: list[list[Found]] = []
    for one in found:
        if groups and is_junk(text[groups[-1][-1].end : one.start]):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def stands(text: str, group: Sequence[Found]) -> bool:
    """Whether a group is meant. Its last line ends with it. Its first line begins with it, or with a lead-in that
    ends in a colon; behind marks also with prose, but not with a quotation mark. The line above names no example."""
    start, end, marked = group[0].start, group[-1].end, group[0].marked
    if any(one.alone for one in group):
        return is_junk(text[:start]) and is_junk(text[end:])
    if is_spoken_of(text, start) or not is_junk(_tail(text, end)):
        return False
    bare = _bare_head(text, start)
    return marked or not _BULLET.sub("", f"{bare} ").strip(_JUNK) or bare.endswith(":")


def is_spoken_of(text: str, at: int) -> bool:
    """Whether a call at `at` is quoted or given as an example."""
    bare = _bare_head(text, at)
    quoted = bare.startswith(">") or (len(bare) > 1 and bare.endswith(_QUOTES))
    lead_in = _lead_in(text, at)
    return quoted or (_EXAMPLE.search(lead_in) is not None and not _MEANT.search(lead_in))


def begins_line(text: str, at: int) -> bool:
    return is_junk(_head(text, at))


def _head(text: str, at: int) -> str:
    """What stands before `at` on its line."""
    since = max(0, at - _NEAR_CHARS)
    return text[max(since, text.rfind("\n", since, at) + 1) : at]


def _bare_head(text: str, at: int) -> str:
    return WRAPPING.sub("", _head(text, at)).strip()


def _tail(text: str, at: int) -> str:
    until = at + _NEAR_CHARS
    line_end = text.find("\n", at, until)
    return text[at : until if line_end < 0 else line_end]


def _lead_in(text: str, at: int) -> str:
    """The last line with words before `at`."""
    near = WRAPPING.sub("", text[max(0, at - _NEAR_CHARS) : at]).rstrip(_JUNK)
    return near[near.rfind("\n") + 1 :]
