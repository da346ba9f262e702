"""The small real things of these tests: folders of documents, PDFs, an encoder without a network of layers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pypdf
from reportlab.pdfgen.canvas import Canvas

from rag.encoder import Encoder, Vectors
from rag.passage import Passage

SLOW = b"[" * 20_000_000
"""Markdown that takes minutes to parse, in little memory."""

MANY = {f"{number}.md": f"Tea {number} at {number * 7} or {number * 13} degrees." for number in range(400)}
"""As many files as passages, which make two batches."""

TEA = "# Tea\n\nGreen tea is brewed at 80 degrees.\n\n# Storage\n\nKeep tea in a tin, away from light.\n"


def fill(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def write_pdf(path: Path, *pages: str, outline: Sequence[tuple[str, int]] = ()) -> Path:
    """A page a text, its lines under each other. `outline`: (title, level from 0), one for each page."""
    canvas = Canvas(str(path))
    for number, text in enumerate(pages):
        for row, line in enumerate(text.splitlines()):
            canvas.drawString(72, 750 - 15 * row, line)
        if outline:
            title, level = outline[number]
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level)
        canvas.showPage()
    canvas.save()
    return path


def encrypt(path: Path, password: str) -> Path:
    """The PDF with AES-256 and this password to open it, in place of itself."""
    writer = pypdf.PdfWriter(clone_from=path)
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    writer.write(path)
    return path


def passages(*texts: str, file: str = "notes.md") -> list[Passage]:
    """Passages of one file, side by side, a newline between them."""
    made, start = [], 0
    for number, text in enumerate(texts, start=1):
        made.append(Passage(number, file, None, "", start, start + len(text), text))
        start += len(text) + 1
    return made


def alike(words: Sequence[str]) -> dict[str, float]:
    """Every word as rare as every other."""
    return dict.fromkeys(words, 1.0)


class WordEncoder:
    """Counts the first four letters of words: quick, and near for kettle and kettlebell, which BM25 never is."""

    name = "words"
    digest = "words-1"
    dimension = 2048
    max_tokens = 66

    def documents(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.query(text) for text in texts], dtype=np.float32).reshape(-1, self.dimension)

    def query(self, text: str) -> Vectors:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word[:4].encode()) % self.dimension] += 1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


class WatchedEncoder:
    """Another encoder that keeps the texts it embeds, and calls `before` ahead of each call."""

    def __init__(self, encoder: Encoder, before: Callable[[], None] = lambda: None) -> None:
        self._encoder = encoder
        self._before = before
        self.embedded: list[str] = []
        self.name, self.digest = encoder.name, encoder.digest
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens

    def documents(self, texts: Sequence[str]) -> Vectors:
        self._before()
        self.embedded.extend(texts)
        return self._encoder.documents(texts)

    def query(self, text: str) -> Vectors:
        return self._encoder.query(text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._encoder.count_tokens(texts)
