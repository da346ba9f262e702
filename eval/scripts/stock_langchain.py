"""LangChain's stock pipeline as its documentation shows it, over the same folder and with the same encoder.

PDF pages by pypdf, RecursiveCharacterTextSplitter with 1,000 characters and 200 overlap, nearest by cosine (exact,
where Chroma's graph is nearly so). For comparing in one run; needs `pip install langchain-text-splitters`.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.errors import UsageError
from rag import SentenceEncoder

CHARACTERS, OVERLAP = 1000, 200
BATCH = 512


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a page, or of a file without pages, as the splitter cuts it."""

    file: str
    page: int | None
    text: str
    start: int = 0
    end: int = 0


class StockLangChain:
    """Reads, splits and embeds `docs` once; the result stays in the file `kept`."""

    def __init__(self, docs: Path, kept: Path) -> None:
        self._encoder = SentenceEncoder()
        if not kept.exists():
            chunks = list(_chunks(docs))
            texts = [chunk.text for chunk in chunks]
            parts = [self._encoder.documents(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(pickle.dumps((chunks, np.concatenate(parts))))
        self.chunks, self._vectors = pickle.loads(kept.read_bytes())

    def search(self, query: str, k: int) -> list[Chunk]:
        """The `k` nearest, best first."""
        scores = self._vectors @ self._encoder.query(query)
        return [self.chunks[at] for at in np.argsort(-scores, kind="stable")[:k]]


def _chunks(docs: Path) -> Iterator[Chunk]:
    try:
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError as error:
        raise UsageError(
            "the comparison needs LangChain's splitters", next_step="pip install langchain-text-splitters"
        ) from error
    splitter = RecursiveCharacterTextSplitter(chunk_size=CHARACTERS, chunk_overlap=OVERLAP)
    for path in sorted(path for path in docs.rglob("*") if path.is_file()):
        for page, text in _pages(path):
            for part in splitter.split_text(text):
                yield Chunk(path.relative_to(docs).as_posix(), page, part)


def _pages(path: Path) -> Iterator[tuple[int | None, str]]:
    if path.suffix.lower() != ".pdf":
        yield None, path.read_text("utf-8", errors="replace")
        return
    import pypdf

    for number, page in enumerate(pypdf.PdfReader(path).pages, start=1):
        yield number, page.extract_text()
