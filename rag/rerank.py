"""A second look at the best candidates: a cross-encoder reads question and passage together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from inference.errors import EncoderError
from rag.encode.on_disk import find_model
from rag.encode.torch_model import quiet_and_offline

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

LONGEST = 512
"""Tokens of question and passage together."""


class Reranker(Protocol):
    """Anything that scores texts against a question; scores of two questions cannot be compared."""

    @property
    def name(self) -> str: ...

    def scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """One for each text, higher is better."""
        ...


class CrossEncoderReranker:
    """A cross-encoder of sentence-transformers by its folder or the hub's name; it must be on this machine already.

    Loads the model, some ten seconds on a CPU. Raises EncoderError where it is missing, cannot be read, or gives more
    than one score.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._model = _load(name)

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        if not texts:
            return []
        pairs: list[Any] = [(query, text) for text in texts]
        found = self._model.predict(pairs, batch_size=16, activation_fn=_as_it_is, show_progress_bar=False)
        return [float(score) for score in found]


def _load(name: str) -> CrossEncoder:
    folder = find_model(name, kind="reranker", instead="a folder that holds a cross-encoder")
    quiet_and_offline()
    import torch
    from sentence_transformers import CrossEncoder

    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        model: CrossEncoder = CrossEncoder(str(folder), device=device, local_files_only=True)
    except Exception as error:  # whatever transformers raises over a folder that holds something else
        why = str(error).partition("\n")[0]
        raise EncoderError(
            f"the reranker {name} in {folder} cannot be loaded: {why}", next_step="name another cross-encoder, or none"
        ) from error
    if model.num_labels != 1:
        raise EncoderError(
            f"{name} is no reranker: it gives {model.num_labels} values for a pair, not one score",
            next_step="name a cross-encoder, for example cross-encoder/ms-marco-MiniLM-L6-v2",
        )
    model.max_seq_length = min(model.max_seq_length or LONGEST, LONGEST)
    return model


def _as_it_is(logits: Any) -> Any:
    """The logit: the usual sigmoid makes the best ones equal."""
    return logits
