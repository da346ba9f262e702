"""Where sentences, list items, table rows and headings begin and end in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# Marks that may stand behind a full stop, and the pictures that close a line of chat.
_CLOSING = r"[\"')\]”’*_]*(?:\s*[\u2600-\u27bf\ufe0f\u200d\U0001f300-\U0001faff]+)*"
_END = re.compile(rf"[.!?…]{_CLOSING}(?=\s+[\"'(\[“‘*_]*([^\W_]))|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|e\.g|i\.e|etc|vs|cf|al|approx|No|Nos|Inc|Corp|Co|Ltd|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Fig|Eq|Sec|Vol|pp?"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|U\.S|U\.K))$"
)
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_ROW = re.compile(r"\s*\||[^|\n]+\|[^|\n]+\||[^|\n]+\s\|\s[^|\n]*$|.*\t.*\t", re.MULTILINE)
"""Cells between bars or tabs; of two cells the bar stands between blanks."""
_ITEM = re.compile(r"\s*(?:[-*+]\s|[•▪●◦]|\d{1,3}[.)](?!\d)|>|[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,2}:\s)")
"""A list's mark, a quotation's, or who speaks."""
LISTED = re.compile(r"\s*(?:[-*+]\s|[•▪●◦]|\d{1,3}[.)]\s|\|)")
"""A list's item or a table's row: what a line that ends in a colon leads to."""
_RUN_IN = re.compile(r"\s*(?:[-*+]\s+|\d{1,3}[.)]\s+)?\*\*[^*\n]{1,60}\*\*$")
"""A bold term or question that opens its paragraph: what follows is about it, and says nothing without it."""
_RULE = re.compile(r"\s*([-=*_])\1{2,}\s*$")
"""A line across the page, the mark of front matter too."""
FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(?=[\w-]+[ \t]*:).*?\n---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
"""What stands above a Markdown page: a key and its value on each line."""
BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_LINE = re.compile(r"[^\r\n]+")
_NUMERIC = re.compile(r"[\d$%€£(][\d.,%)$]*$")
_WITH_FIGURE = re.compile(r"[^\s\d]*\d\S*")


def sentence_spans(text: str) -> list[Span]:
    """Spans of the sentences of a text, in order, without surrounding white space.

    Lines that were wrapped are joined; headings and table rows stand alone and are never parted, list items and what
    each speaker says stand alone, and the lines of front matter. Abbreviations end nothing.
    """
    head = FRONT_MATTER.match(text)
    spans = [line.span() for line in _LINE.finditer(head.group())] if head else []
    for start, end in _blocks(text, head.end() if head else 0):
        begin = start
        if not _HEADING.match(text, start, end) and not _ROW.match(text, start, end):
            for match in _END.finditer(text, start, end):
                if not _goes_on(text, start, match):
                    spans.append((begin, match.end()))
                    begin = match.end()
        spans.append((begin, end))
    return [span for span in (_strip(text, *span) for span in spans) if span[0] < span[1]]


def record_spans(text: str) -> list[Span]:
    """Spans of the records of a CSV text: lines, more than one where a quoted cell holds a line's end."""
    spans: list[Span] = []
    begin = offset = 0
    for line in text.splitlines(keepends=True):
        offset += len(line)
        if text.count('"', begin, offset) % 2 == 0:
            spans.append((begin, offset))
            begin = offset
    spans.append((begin, len(text)))
    return [span for span in (_strip(text, *span) for span in spans) if span[0] < span[1]]


def _goes_on(text: str, start: int, match: re.Match[str]) -> bool:
    """A full stop that ends nothing: before a small letter, after an abbreviation, a list's number or a bold term."""
    if _RUN_IN.match(text[start : match.end()]):
        return True
    if match.group(1) is not None and match.group(1).islower():
        return True
    if text[match.start()] != ".":
        return False
    before = text[max(start, match.start() - 8) : match.start()]
    return bool(_ABBREVIATION.search(before)) or text[start : match.start()].strip().isdecimal()


def _blocks(text: str, offset: int) -> Iterator[Span]:
    """Runs of lines that belong together, from the offset on."""
    start = None
    previous = ""
    for line in text[offset:].splitlines(keepends=True):
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
    if not before or not now or _alone(previous) or _alone(line) or _ITEM.match(line):
        return True
    if now[0].islower() or before[-1] in ",;-" or now.startswith("["):  # a link is not broken, however short the line
        return False
    # A short line that ends without punctuation is a heading or a row of a table, like one full of figures.
    return len(before) < 45 or _is_row(before) or _is_row(now)


def _alone(line: str) -> bool:
    return bool(_HEADING.match(line) or _ROW.match(line) or _RULE.match(line))


def _is_row(line: str) -> bool:
    """A table's row that lost its lines in a PDF: a figure at the end, or in every fourth word."""
    words = line.split()
    if _NUMERIC.match(words[-1]):
        return True
    return line[-1] not in ".:" and len(_WITH_FIGURE.findall(line)) >= 0.25 * len(words)


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
