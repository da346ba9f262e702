"""How passages and names of files are shown to a model: documents are data, not instructions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agents.evidence import Evidence
from agents.tools.call import Observation
from rag.pack import defused
from rag.passage import Passage

NAME_CHARS = 160
HEADING_CHARS = 100


_MARK = re.compile(r"\d|[^\w\s]")


def estimated_tokens(text: str) -> int:
    """A quarter of the bytes, and a third of the digits and marks on top, most of which are tokens of their own: near
    for prose, Chinese and tables, without a tokenizer."""
    return len(text.encode("utf-8", "replace")) // 4 + len(_MARK.findall(text)) // 3 + 1


def one_line(text: str, chars: int = NAME_CHARS) -> str:
    """A name as it is shown: on one line, without what is not seen (control characters, overrides of direction, halves
    of surrogate pairs), unable to close a frame, its middle left out where it is long."""
    seen = defused("".join(filter(str.isprintable, " ".join(text[: 4 * chars].split()))))
    return seen if len(seen) <= chars else f"{seen[: chars // 2]}…{seen[-chars // 2 + 1 :]}"


def quoted(text: str) -> str:
    """What a model wrote, shown back to it."""
    return f'"{one_line(text)}"'


def where(passage: Passage) -> str:
    file = one_line(passage.file)
    return file if passage.page is None else f"{file}, page {passage.page}"


def framed(text: str) -> str:
    """Text of others between tags that it cannot close."""
    return f"<passage>{defused(text)}\n</passage>"


def block(number: int | None, passage: Passage, text: str, *, heading: bool = True) -> str:
    """A passage or a part of it under its number and place."""
    above = one_line(_above(passage.heading, text), HEADING_CHARS) if heading else ""
    above = above and f"\n{above}"
    return framed(f"[{number}] {where(passage)}{above}\n{text}")


def _above(heading: str, text: str) -> str:
    """The path of headings without the last one where the text itself begins with that."""
    parents, _, last = heading.rpartition(" > ")
    return parents if text.lstrip("# ").startswith(last) else heading


def told(parts: Iterable[tuple[Passage, str]], evidence: Evidence, *notes: str) -> Observation:
    """Passages, each with the text of it that is shown, numbered by the evidence, and what is to be said of them all.

    A heading stands above the first of the passages under it.
    """
    parts = list(parts)
    evidence = evidence.plus(passage for passage, _ in parts)
    blocks, before = [], None
    for passage, text in parts:
        under = passage.file, passage.page, passage.heading
        blocks.append(block(evidence.number(passage), passage, text, heading=under != before))
        before = under
    short = "; ".join(f"[{evidence.number(passage)}] {where(passage)}" for passage, _ in parts)
    text = "\n".join([*blocks, *(f"({note})" for note in notes if note)])
    return Observation(text, evidence, f"(text left out to save room: {short})")


def word(text: str, evidence: Evidence) -> Observation:
    """What the tool says itself, short as it is."""
    return Observation(text, evidence, text)


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def files_of(passages: Sequence[Passage]) -> list[str]:
    return sorted({passage.file for passage in passages})
