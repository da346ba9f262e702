"""Text into unit vectors by an embedding model on Ollama: where a server has a card, this machine needs none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from inference.address import ollama_address
from inference.connection import TIMEOUT_S
from inference.errors import EncoderError, EngineUnavailableError, ModelUnsuitableError
from inference.ollama.api import OllamaApi
from inference.ollama.choice import find, missing, must_run_there
from inference.ollama.errors import TextTooLongError
from inference.token_estimate import TokenEstimate

LONGEST = 512
"""Tokens of a text at most, however much the model can read: one vector for more finds its page less often."""
BATCH = 32
"""Texts in a request; the server itself runs them side by side."""
_SHORT = 32
"""Characters that any context holds."""
_ABLE = "embedding"
_PACKAGED = "use the packaged encoder: leave out --encoder"


class OllamaEncoder:
    """What `rag.encoder.Encoder` asks for, by /api/embed.

    The server is asked at once for the model, which must be there: nothing is pulled. `query_prompt` and
    `document_prompt` are put before every text, since Ollama's models bring none along. Raises EngineUnavailableError,
    ModelMissingError or ModelUnsuitableError.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        query_prompt: str = "",
        document_prompt: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._address = ollama_address(base_url)
        self._timeout_s = timeout_s
        self._prompts = query_prompt, document_prompt
        self._count = TokenEstimate()
        with self._api() as api:
            installed = api.installed()
            entry = find(model, installed)
            if entry is None:
                error = missing(model, installed, self._address.shown)
                error.next_step = f"`ollama pull {model}`, or {_PACKAGED}"
                raise error
            must_run_there(entry, self._address.shown)
            shown = api.show(entry.name)
        if shown.capabilities is not None and _ABLE not in shown.capabilities:
            raise ModelUnsuitableError(
                f"{entry.name} is no embedding model (it can do: {', '.join(shown.capabilities)})",
                next_step="take one that is, for example `ollama pull nomic-embed-text`",
            )
        self._model = entry.name
        self._dimension: int | None = None
        self.name = f"ollama:{entry.name}"
        reads = [shown.number("context_length"), _whole(shown.parameter("num_ctx")), LONGEST]
        self.max_tokens = min(tokens for tokens in reads if tokens) - self._count(document_prompt)
        decisive = [entry.digest, query_prompt, document_prompt, str(self.max_tokens)]
        self.digest = hashlib.sha256("\n".join(decisive).encode()).hexdigest()[:16]

    @property
    def dimension(self) -> int:
        """Known from the first vector, for which the model is loaded."""
        return self._dimension or self._embed(["a"]).shape[1]

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dimension), float32, each row of length 1."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        prompted = [self._prompts[1] + text for text in texts]
        batches = [self._embed(prompted[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.concatenate(batches)

    def query(self, text: str) -> NDArray[np.float32]:
        """(dimension,), float32, of length 1."""
        vector: NDArray[np.float32] = self._embed([self._prompts[0] + text])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """A guess that errs high: the server has no way to count without computing."""
        return [self._count(text) for text in texts]

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Where the guess was too low and a text is longer than the context, that text's end is left out."""
        try:
            with self._api() as api:
                found = api.embed(self._model, texts)
        except TextTooLongError:
            if len(texts) > 1:
                return np.concatenate([self._embed([text]) for text in texts])
            if len(texts[0]) < _SHORT:
                raise
            return self._embed([texts[0][: len(texts[0]) * 3 // 4]])
        return self._checked(found, len(texts))

    def _checked(self, found: Sequence[Sequence[float]], wanted: int) -> NDArray[np.float32]:
        """The vectors, each of length 1 and all as wide as those before."""
        widths = {len(vector) for vector in found} | ({self._dimension} if self._dimension else set())
        if len(found) != wanted or len(widths) != 1 or not all(map(any, found)):
            raise EncoderError(
                f"{self._model} at {self._address.shown} gave {len(found)} vectors of {sorted(widths)} numbers for"
                f" {wanted} texts, or one of zeros",
                next_step=f"update Ollama, or {_PACKAGED}",
            )
        self._dimension = widths.pop()
        vectors = np.array(found, np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    @contextmanager
    def _api(self) -> Iterator[OllamaApi]:
        """A connection whose errors speak of encoders: without this server one can go on, in another index."""
        try:
            with OllamaApi(self._address, timeout_s=self._timeout_s) as api:
                yield api
        except EngineUnavailableError as error:
            error.next_step = f"start it with `ollama serve`, or {_PACKAGED}"
            raise


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
