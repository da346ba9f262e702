"""Markdown: the document's text is the file itself; only the headings are looked for."""

from __future__ import annotations

import re
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from rag.document import Document, Heading, Parsed
from rag.parse.text import decode, outcome_of

# As markdown-it counts lines; str.splitlines would also break at form feeds.
_NEWLINE = re.compile(r"\r\n|\n|\r")

_SHOWN = ("text", "code_inline", "softbreak", "hardbreak")


def parse_markdown(data: bytes) -> Parsed:
    text, note = decode(data)
    outcome, reason = outcome_of(text, note)
    if outcome not in ("indexed", "partial"):
        return Parsed(outcome, reason)
    return Parsed(outcome, reason, Document.unpaged(text, headings(text)))


def headings(text: str) -> tuple[Heading, ...]:
    """Headings outside of code blocks and front matter, with their offsets into the text."""
    starts = [0, *(newline.end() for newline in _NEWLINE.finditer(text))]
    tokens = MarkdownIt("commonmark").enable("table").use(front_matter_plugin).parse(text)
    found = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.map and opening.level == 0:
            title = _plain(inline)
            if title:
                found.append(Heading(int(opening.tag[1:]), title, starts[opening.map[0]]))
    return tuple(found)


def _plain(inline: Token) -> str:
    parts = (child.content or " " for child in inline.children or () if child.type in _SHOWN)
    return " ".join("".join(parts).split())
