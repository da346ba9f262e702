"""What the synthetic models share: a byte-level vocabulary, and weights that make a model follow a script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import gguf
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

Array = NDArray[np.float32]
NEWLINE = "\u010a"
"""The byte 10 as a byte-level vocabulary writes it; the last token of "assistant\\n"."""
END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4


class Vocabulary:
    """The 256 bytes, what `merges` make of them, three control tokens, and each of `steps` as one token.

    Any text that is no step costs one token a byte where there are no merges. Steps must differ from each
    other: llama.cpp aborts on a token that stands twice, and one token has one that follows it.
    """

    def __init__(self, steps: Sequence[str], merges: Sequence[tuple[str, str]] = ()) -> None:
        letters = byte_letters()
        # The tokenizer wants a list of merges; this pair is two "!".
        self._merges = [" ".join(pair) for pair in merges] or [f"{letters[0]} {letters[0]}"]
        plain = [*letters, *dict.fromkeys("".join(pair) for pair in merges)]
        assert len(set(steps)) == len(steps), "a step stands twice"
        there = {*plain, END, START, STOP}
        added = [step for step in steps if step not in there]
        self.tokens = [*plain, END, START, STOP, *added]
        self._kinds = [_NORMAL] * len(plain) + [_CONTROL] * 3 + [_USER_DEFINED] * len(added)

    def index(self, token: str) -> int:
        return self.tokens.index(token)

    def write(self, writer: gguf.GGUFWriter, *, pre: str, template: str) -> None:
        """The tokenizer's part of a file; `pre` names how llama.cpp splits a text before it merges."""
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre)
        writer.add_token_list(self.tokens)
        writer.add_token_types(self._kinds)
        writer.add_token_merges(self._merges)
        writer.add_eos_token_id(self.index(STOP))
        writer.add_pad_token_id(self.index(END))
        writer.add_add_bos_token(False)
        writer.add_chat_template(template)

    def scripted(self, follows: Mapping[str, str], width: int, random: np.random.Generator) -> tuple[Array, Array]:
        """Embeddings and an output matrix that lead from each token to the one that `follows` it.

        It works where nothing but the last token's embedding reaches the output: each layer's last projection
        has to be zero. A normalised embedding has the length sqrt(width), so the next token's logit is about 30.
        """
        embeddings = random.standard_normal((len(self.tokens), width), dtype=np.float32)
        output = np.zeros((len(self.tokens), width), np.float32)
        for here, following in follows.items():
            output[self.index(following)] += embeddings[self.index(here)] * np.float32(30.0 / width)
        return embeddings, output


def merges_of(text: str, size: int) -> list[tuple[str, str]]:
    """The merges of a byte-level vocabulary of `size` that is trained on a text: words cost a token or two."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return [(left, right) for left, right in json.loads(tokenizer.to_str())["model"]["merges"]]


def byte_letters() -> list[str]:
    """The 256 letters that stand for bytes in a byte-level vocabulary, in the order of the bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = {byte: chr(byte) for byte in shown} | {byte: chr(256 + n) for n, byte in enumerate(hidden)}
    return [letters[byte] for byte in range(256)]
