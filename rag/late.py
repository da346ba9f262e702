"""Late interaction: every token of a query looks for its like among the tokens of a passage.

After Khattab and Zaharia (2020, ColBERT), with the vectors of an encoder that was not trained for it: where its vector
of a text is the mean over the tokens, theirs carry the same meaning, and one sentence of a passage is no longer lost in
the mean over all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from rag.encoder import Encoder, Vectors


@runtime_checkable
class TokenEncoder(Protocol):
    """An encoder that may also give the vectors of a text's tokens."""

    def token_vectors(self, texts: Sequence[str], *, as_query: bool = False) -> list[Vectors] | None:
        """For each text (its tokens, dimension), float32, each row of length 1, without the special tokens; None where
        it gives no such vectors."""
        ...


def late_scores(query: str, texts: Sequence[str], encoder: Encoder) -> list[float] | None:
    """For each text the mean over the query's tokens of the highest cosine with one of the text's tokens (-1 to 1);
    0 for a text without tokens. None where the encoder has no vectors of tokens."""
    if not isinstance(encoder, TokenEncoder):
        return None
    asked = encoder.token_vectors([query], as_query=True)
    read = encoder.token_vectors(texts)
    if not asked or read is None:
        return None
    return [float(np.max(asked[0] @ one.T, axis=1).mean()) if len(asked[0]) and len(one) else 0.0 for one in read]
