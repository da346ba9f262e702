"""A model's tokenizer from its one file, without transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.encode.card import Card, unreadable

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def open_tokenizer(card: Card) -> Tokenizer:
    """Cuts nothing and pads nothing, whatever its file asks for. Raises EncoderError."""
    from tokenizers import Tokenizer

    path = card.folder / "tokenizer.json"
    if not path.exists():
        raise unreadable(card, "it has no tokenizer.json (an old model: saving it with transformers writes one)")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise unreadable(card, f"tokenizer.json: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
