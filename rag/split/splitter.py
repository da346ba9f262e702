"""From a document to its passages."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from itertools import groupby

from rag.document import Document, Page
from rag.split.context import Contexts
from rag.split.costs import begin_costs
from rag.split.partition import partition
from rag.split.piece import Piece
from rag.split.tokens import CountTokens, wary
from rag.split.units import Unit, units_of

VERSION = "3"
"""Moves with every change that alters the passages: files are then split again."""

TARGET_TOKENS = 120
"""Of a passage's text. Chosen on chunking_evaluation (eval.scripts.chunking): more IoU than with longer passages, and
with 100 tokens three points less recall."""


def split(
    document: Document, file: str, count_tokens: CountTokens, max_tokens: int, *, target_tokens: int = TARGET_TOKENS
) -> list[Piece]:
    """Passages in text order of about `target_tokens`; header, columns and text together fit `max_tokens`.

    A passage begins with a section or a paragraph where that can be had; within a long paragraph it is a fifth longer.
    A page or a table that fits `max_tokens` stays whole, the table with the line above it where that fits too. A longer
    table is parted between rows, and its later passages carry its header row.
    """
    count_tokens = wary(count_tokens)
    contexts = Contexts(document, file, count_tokens, max_tokens // 4)
    starts = [page.start for page in document.pages]
    pieces: list[Piece] = []
    units = units_of(document, count_tokens, max_tokens // 2)
    for number, on_page in groupby(units, lambda unit: bisect.bisect_right(starts, unit.start) - 1):
        page = document.pages[number]
        pieces.extend(_pieces(document, page, list(on_page), contexts, max_tokens, target_tokens))
    return pieces


def _pieces(
    document: Document, page: Page, units: Sequence[Unit], contexts: Contexts, max_tokens: int, target_tokens: int
) -> Iterator[Piece]:
    places = contexts.of(units)
    rooms = [max_tokens - place.tokens for place in places]
    tokens = [unit.tokens for unit in units]
    if sum(tokens) <= rooms[0]:
        parts = [(0, len(units))]
    else:
        parts = partition(tokens, begin_costs(document, units, rooms), rooms, target_tokens)
    for first, behind in parts:
        start, end, place = units[first].start, units[behind - 1].end, places[first]
        text = document.text[start:end]
        yield Piece(page.number, place.heading, start, end, text, place.header, place.columns)
