"""A folder of documents into answers with citations. Chroma for dense search, SQLite for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.answer import Answer, Citation, Reader
    from rag.encoder import Encoder, SentenceEncoder
    from rag.index import Index
    from rag.passage import Passage
    from rag.read.extractive import ExtractiveReader
    from rag.read.limits import ModelLimits
    from rag.read.model import ModelReader
    from rag.sync import SyncReport

__all__ = [
    "Answer",
    "Citation",
    "Encoder",
    "ExtractiveReader",
    "Index",
    "ModelLimits",
    "ModelReader",
    "Passage",
    "Reader",
    "SentenceEncoder",
    "SyncReport",
]

_HOME = {
    "Answer": "rag.answer",
    "Citation": "rag.answer",
    "Encoder": "rag.encoder",
    "ExtractiveReader": "rag.read.extractive",
    "Index": "rag.index",
    "ModelLimits": "rag.read.limits",
    "ModelReader": "rag.read.model",
    "Passage": "rag.passage",
    "Reader": "rag.answer",
    "SentenceEncoder": "rag.encoder",
    "SyncReport": "rag.sync",
}


def __getattr__(name: str) -> Any:
    """Loads a name when it is first used, so that importing the package costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
