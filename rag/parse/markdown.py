"""Markdown: the document's text is the file itself; only headings and tables are looked for."""

from __future__ import annotations

import re
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from rag.document import Document, Heading, Parsed, Table
from rag.parse.text import decode, outcome_of

# As markdown-it counts lines; str.splitlines would also break at form feeds.
_NEWLINE = re.compile(r"\r\n|\n|\r")

_SHOWN = ("text", "code_inline", "softbreak", "hardbreak")


def parse_markdown(data: bytes) -> Parsed:
    text, note = decode(data)
    outcome, reason = outcome_of(text, note)
    if outcome not in ("indexed", "partial"):
        return Parsed(outcome, reason)
    return Parsed(outcome, reason, Document.unpaged(text, *structure(text)))


def structure(text: str) -> tuple[tuple[Heading, ...], tuple[Table, ...]]:
    """Headings and tables outside of code blocks and front matter, with their offsets into the text."""
    # Where each line starts, with a last one at the end: markdown-it's ranges end before a line.
    starts = [0, *(newline.end() for newline in _NEWLINE.finditer(text)), len(text)]
    headings, tables = [], []
    tokens = MarkdownIt("commonmark").enable("table").use(front_matter_plugin).parse(text)
    for opening, inline in pairwise(tokens):
        if not opening.map:
            continue
        first, behind = opening.map
        if opening.type == "heading_open" and opening.level == 0 and (title := _plain(inline)):
            headings.append(Heading(int(opening.tag[1:]), title, starts[first]))
        elif opening.type == "table_open":
            names_and_rule = 2
            tables.append(Table(starts[first], starts[behind], starts[first + names_and_rule]))
    return tuple(headings), tuple(tables)


def _plain(inline: Token) -> str:
    parts = (child.content or " " for child in inline.children or () if child.type in _SHOWN)
    return " ".join("".join(parts).split())
