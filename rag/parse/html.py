"""HTML into text: what a reader of the page sees, block by block, tables row by row."""

from __future__ import annotations

import codecs
import re
import warnings

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PreformattedString, Tag

from rag.document import Document, Heading, Parsed
from rag.parse.text import decode, has_mark, outcome_of

_UNSEEN = ("script", "style", "noscript", "template", "svg", "nav", "head", "iframe", "object")
_BLOCKS = frozenset(
    "address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
# A row that holds one of these lays out a page; it is no row of data.
_LAYOUT = ("table", "h1", "h2", "h3", "h4", "h5", "h6")
_HEADING = re.compile(r"h([1-6])$")
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([a-zA-Z0-9_:.-]+)")
# What browsers make of a declaration: "Latin-1" is windows-1252, and a page that can say "UTF-16" is not in it.
_MEANT = {"iso8859-1": "windows-1252", "ascii": "windows-1252", "utf-16": "utf-8", "utf-16-le": "utf-8"}


def parse_html(data: bytes) -> Parsed:
    source, note = _decode(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(source, "lxml")
    title = " ".join(soup.head.title.get_text().split()) if soup.head and soup.head.title else ""
    for unseen in soup.find_all(_UNSEEN):
        unseen.decompose()
    writer = _Writer()
    if title and not soup.find("h1"):
        writer.heading(1, title)
    writer.walk(soup)
    text = writer.text()
    outcome, reason = outcome_of(text, note)
    readable = outcome in ("indexed", "partial")
    return Parsed(outcome, reason, Document.unpaged(text, tuple(writer.headings)) if readable else None)


def _decode(data: bytes) -> tuple[str, str | None]:
    """As plain text, but a declared charset goes before the guess; a byte-order mark goes before both."""
    declared = _DECLARED.search(data[:2048])
    if declared and not has_mark(data):
        try:
            name = codecs.lookup(declared.group(1).decode("ascii")).name
            return data.decode(_MEANT.get(name, name)), None
        except (LookupError, UnicodeError):
            pass
    return decode(data)


class _Writer:
    """Collects lines; a block begins a new line, a table row is one line with cells between bars."""

    def __init__(self) -> None:
        self.headings: list[Heading] = []
        self._lines: list[str] = []
        self._line: list[str] = []
        self._length = 0

    def text(self) -> str:
        self._flush()
        return "\n".join(self._lines) + "\n" if self._lines else ""

    def heading(self, level: int, title: str) -> None:
        self._flush()
        self.headings.append(Heading(level, title, self._length))
        self._write(title)

    def walk(self, root: Tag) -> None:
        # Own stack: pages nest deeper than Python's recursion limit.
        stack: list[object] = [root]
        while stack:
            node = stack.pop()
            if node is None:
                self._flush()
            elif isinstance(node, Tag):
                self._open(node, stack)
            elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
                self._line.append(str(node))  # else a comment, a doctype, a processing instruction

    def _open(self, tag: Tag, stack: list[object]) -> None:
        heading = _HEADING.match(tag.name)
        if heading and (title := " ".join(tag.get_text(" ").split())):
            self.heading(int(heading.group(1)), title)
        elif tag.name == "tr" and (cells := tag.find_all(["td", "th"], recursive=False)) and not tag.find(_LAYOUT):
            self._write(" | ".join(" ".join(cell.get_text(" ").split()) for cell in cells))
        elif tag.name == "pre":
            for line in tag.get_text().splitlines():
                self._write(line)
        else:
            if tag.name in _BLOCKS:
                self._flush()
                stack.append(None)
            stack.extend(reversed(tag.contents))

    def _write(self, line: str) -> None:
        self._flush()
        self._line.append(line)
        self._flush()

    def _flush(self) -> None:
        line = " ".join("".join(self._line).split())
        self._line.clear()
        if line:
            self._lines.append(line)
            self._length += len(line) + 1
