"""Documents into passages: whole sentences and table rows, never across a page."""

from __future__ import annotations

from rag.split.piece import Piece, header
from rag.split.splitter import TARGET_TOKENS, VERSION, split

__all__ = ["TARGET_TOKENS", "VERSION", "Piece", "header", "split"]
