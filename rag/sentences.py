"""Where sentences, list items, table rows and headings begin and end in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_END = re.compile(r"[.!?…][\"')\]”’*_]*(?=\s+[\"'(\[“‘*_]*([^\W_]))|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|e\.g|i\.e|etc|vs|cf|al|approx|No|Nos|Inc|Corp|Co|Ltd|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Fig|Eq|Sec|Vol|pp?"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|U\.S|U\.K))$"
)
_ITEM = re.compile(r"\s*(?:[-*+•▪●◦]|\d{1,3}[.)]|\||#{1,6}\s|>)")
_NUMERIC = re.compile(r"[\d$%€£(][\d.,%)$]*$")


def sentence_spans(text: str) -> list[Span]:
    """Spans of the sentences of a text, in order, without surrounding white space.

    Lines that were wrapped are joined; list items, table rows and headings stand alone. Abbreviations end nothing.
    """
    spans: list[Span] = []
    for start, end in _blocks(text):
        begin = start
        for match in _END.finditer(text, start, end):
            if _goes_on(text, start, match):
                continue
            spans.append((begin, match.end()))
            begin = match.end()
        spans.append((begin, end))
    return [span for span in (_strip(text, *span) for span in spans) if span[0] < span[1]]


def _goes_on(text: str, start: int, match: re.Match[str]) -> bool:
    """A full stop that ends nothing: before a small letter, after an abbreviation, after a list's number."""
    if match.group(1) is not None and match.group(1).islower():
        return True
    if text[match.start()] != ".":
        return False
    before = text[max(start, match.start() - 8) : match.start()]
    return bool(_ABBREVIATION.search(before)) or text[start : match.start()].strip().isdecimal()


def _blocks(text: str) -> Iterator[Span]:
    """Runs of lines that belong together."""
    start = None
    previous = ""
    offset = 0
    for line in text.splitlines(keepends=True):
        if start is not None and _breaks(previous, line):
            yield start, offset
            start = None
        if start is None and line.strip():
            start = offset
        previous = line
        offset += len(line)
    if start is not None:
        yield start, offset


def _breaks(previous: str, line: str) -> bool:
    """Whether a new block begins with `line`."""
    before, now = previous.strip(), line.strip()
    if not before or not now or _ITEM.match(line) or before.startswith(("|", "#")):
        return True
    if now[0].islower() or before[-1] in ",;-":
        return False
    # A short line that ends without punctuation is a heading or a row of a table, like one full of figures.
    return len(before) < 45 or _is_row(before) or _is_row(now)


def _is_row(line: str) -> bool:
    """A table's row that lost its lines in a PDF: a figure at the end, or in every fourth word."""
    words = line.split()
    figures = sum(any(character.isdigit() for character in word) for word in words)
    return bool(_NUMERIC.match(words[-1])) or (line[-1] not in ".:" and figures >= 0.25 * len(words))


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def fold(text: str) -> str:
    """White space folded to single blanks: how quotes are shown and compared."""
    return " ".join(text.split())


def fold_hyphens(text: str) -> str:
    """As `fold`, and a hyphen at a line's end is taken out with the line break: PDFs break words there."""
    return fold(re.sub(r"(?<=\w)-\s*\n\s*(?=[a-z])", "", text))
