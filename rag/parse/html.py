"""HTML into text: what a reader of the page sees, block by block, tables row by row."""

from __future__ import annotations

import codecs
import re
import warnings

from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PreformattedString, Tag

from rag.document import Parsed
from rag.parse import grid
from rag.parse import html_table as table
from rag.parse.text import decode, has_mark
from rag.parse.writer import Writer

_UNSEEN = ("script", "style", "noscript", "template", "svg", "nav", "head", "iframe", "object")
_HEADING = re.compile(r"h([1-6])$")
_DECLARED = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([a-zA-Z0-9_:.-]+)")
# What browsers make of a declaration: "Latin-1" is windows-1252, and a page that can say "UTF-16" is not in it.
_MEANT = {"iso8859-1": "windows-1252", "ascii": "windows-1252", "utf-16": "utf-8", "utf-16-le": "utf-8"}


def parse_html(data: bytes) -> Parsed:
    source, note = _decode(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(source, "lxml")
    return parse_soup(soup, note)


def parse_soup(soup: BeautifulSoup, note: str | None = None) -> Parsed:
    """`note`: why the text may not be whole. The soup is changed."""
    title = " ".join(soup.head.title.get_text().split()) if soup.head and soup.head.title else ""
    for unseen in soup.find_all(_UNSEEN):
        unseen.decompose()
    walk = _Walk()
    if title and not soup.find("h1"):
        walk.writer.heading(1, title)
    walk.all(soup)
    return walk.writer.parsed(note)


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


class _Walk:
    """Collects the words of a line; a block begins a new one, a list's item with a dash."""

    def __init__(self) -> None:
        self.writer = Writer()
        self._line: list[str] = []
        self._mark = ""

    def all(self, root: Tag) -> None:
        # Own stack: pages nest deeper than Python's recursion limit.
        stack: list[object] = [root]
        while stack:
            node = stack.pop()
            if node is None:
                self._flush()
                self._mark = ""
            elif isinstance(node, Tag):
                self._open(node, stack)
            elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
                self._line.append(str(node))  # else a comment, a doctype, a processing instruction
        self._flush()

    def _open(self, tag: Tag, stack: list[object]) -> None:
        heading = _HEADING.match(tag.name)
        if heading and (title := table.words(tag)):
            self._flush()
            self.writer.heading(int(heading.group(1)), title)
        elif tag.name == "table" and table.holds_data(tag):
            self._table(tag)
        elif tag.name == "tr" and (row := table.row_of(tag)):
            self._flush()
            self.writer.write(grid.line(row))
        elif tag.name == "pre":
            self._flush()
            for line in tag.get_text().splitlines():
                self.writer.write(line.rstrip())
        else:
            self._inside(tag, stack)

    def _inside(self, tag: Tag, stack: list[object]) -> None:
        if tag.name in table.BLOCKS:
            self._flush()
            stack.append(None)
        if tag.name == "li":
            self._mark = "- "
        stack.extend(reversed(tag.contents))

    def _table(self, tag: Tag) -> None:
        self._flush()
        if tag.caption and (caption := table.words(tag.caption)):
            self.writer.write(caption)
        self.writer.table(*table.rows_of(tag))

    def _flush(self) -> None:
        line = " ".join("".join(self._line).split())
        self._line.clear()
        if line:
            self.writer.write(self._mark + line)
            self._mark = ""
