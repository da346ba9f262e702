"""Text into unit vectors: the seam `Encoder`, and models of sentence-transformers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from rag.encode.card import PACKAGED, Card, check_weights, packaged_card, read_card
from rag.encode.on_disk import find_model
from rag.encode.remembered import recall, remember
from rag.encode.tokens import open_tokenizer
from rag.encode.torch_model import PLAIN

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from rag.encode.numpy_model import NumpyModel
    from rag.encode.torch_model import TorchModel

Vectors = NDArray[np.float32]

MANY = 512
"""Texts that one process embeds without torch; with more to come, its loading and a trial of its speed pay."""
TRIAL = 32
"""Texts in one call that make a fair trial."""
_NUMPY = "numpy"
_PACKAGED_NAMES = (PACKAGED, f"sentence-transformers/{PACKAGED}")


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


def open_encoder(name: str) -> SentenceEncoder:
    """A sentence-transformers model by the name of its folder or of the hub; it must be on this machine already.

    Raises EncoderError with the way to get it.
    """
    if name in _PACKAGED_NAMES:
        return SentenceEncoder()
    folder = find_model(name, known=(PACKAGED,))
    return SentenceEncoder(read_card(folder, folder.name if Path(name).is_dir() else name))


class SentenceEncoder:
    """A model of sentence-transformers; without an argument all-MiniLM-L6-v2, which is installed with this package
    and whose hash is checked.

    A plain BERT runs in numpy, ready in a fraction of a second. Any other model, and a long run where a card or
    bfloat16 instructions make torch faster, runs in torch; the vectors are the same to three digits of the cosine.
    """

    def __init__(self, card: Card | None = None) -> None:
        self._card = card or packaged_card()
        self._embedded = 0
        self._for_many: str | None = None
        self._torch: dict[str, TorchModel] = {}

    @property
    def name(self) -> str:
        return self._card.name

    @cached_property
    def digest(self) -> str:
        return self._card.digest()

    @cached_property
    def dimension(self) -> int:
        return 384 if self._card.packaged else len(self.query("a"))

    @cached_property
    def max_tokens(self) -> int:
        prompt = self._card.prompts.document
        return self._card.max_tokens - (self.count_tokens([prompt])[0] if prompt else 0)

    def documents(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        self._embedded += len(texts)
        if self._for_many is None and len(texts) >= TRIAL and (self._embedded > MANY or not self._card.pooling):
            self._for_many = self._fastest(texts)
        return self._documents(self._for_many or self._at_hand, texts)

    def query(self, text: str) -> Vectors:
        if self._card.pooling:
            return cast(Vectors, self._numpy([self._card.prompts.query + text])[0])
        return self._torch_model(self._for_many or self._at_hand).query(text)

    def token_vectors(self, texts: Sequence[str], *, as_query: bool = False) -> list[Vectors] | None:
        """The unit vectors of each text's tokens, (tokens, dimension), without the special ones and those of the
        model's prompt. None unless numpy runs the model and its vector of a text is the mean of such."""
        if self._card.pooling != "mean":
            return None
        prompt = self._card.prompts.query if as_query else self._card.prompts.document
        before = self.count_tokens([prompt])[0] if prompt else 0
        return self._numpy.token_vectors([prompt + text for text in texts], before)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encoded]

    def _documents(self, way: str, texts: Sequence[str]) -> Vectors:
        if way == _NUMPY:
            return self._numpy([self._card.prompts.document + text for text in texts])
        return self._torch_model(way).documents(texts)

    @cached_property
    def _at_hand(self) -> str:
        """The way that needs no trial: numpy; where the model needs torch anyway, what was found out here before."""
        return _NUMPY if self._card.pooling else recall(self._trial) or PLAIN

    @property
    def _trial(self) -> str:
        from rag.encode.trial import machine

        return f"way {self.digest} {machine()}"

    def _fastest(self, texts: Sequence[str]) -> str:
        """The way found out on this machine before, else the winner of a trial on these texts."""
        from rag.encode.torch_model import other_ways, surely_none
        from rag.encode.trial import fastest

        base = _NUMPY if self._card.pooling else PLAIN
        known = recall(self._trial)
        if known == base or surely_none():
            return base
        names = other_ways()
        if known in names:
            return known
        ways = [(name, partial(self._documents, name)) for name in (base, *names)]
        best = fastest(ways[0], ways[1:], texts) if names else base
        remember(self._trial, best)
        return best

    @cached_property
    def _numpy(self) -> NumpyModel:
        from rag.encode.numpy_model import NumpyModel

        if self._card.packaged:
            check_weights(self._card.folder)
        return NumpyModel(self._card, self._tokenizer)

    def _torch_model(self, way: str) -> TorchModel:
        from rag.encode.torch_model import TorchModel

        if way not in self._torch:
            self._torch[way] = TorchModel(self._card, way)
        return self._torch[way]

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return open_tokenizer(self._card)


__all__ = ["PACKAGED", "Encoder", "SentenceEncoder", "Vectors", "open_encoder"]
