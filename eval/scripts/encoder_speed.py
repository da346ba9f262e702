"""How fast the packaged encoder is here: a cold process to a query, sentences, passages; numpy beside torch.

    python -m eval.scripts.encoder_speed FOLDER [--torch-threads 2]

FOLDER holds Markdown or text. Wall and processor seconds: on a shared machine only the second can be compared.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from rag.encode.card import packaged_card
from rag.encode.numpy_model import NumpyModel
from rag.encode.tokens import open_tokenizer

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

COLD = "from rag.encoder import SentenceEncoder; SentenceEncoder().query('When does the lease end?')"
SENTENCES, PASSAGES = 64, 96


def main(
    folder: Annotated[Path, typer.Argument()], torch_threads: Annotated[int | None, typer.Option()] = None
) -> None:
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", COLD], check=True)
        print(f"cold process to a query's vector: {time.perf_counter() - began:.2f} s")
    card = packaged_card()
    model = NumpyModel(card, open_tokenizer(card))
    words = [word for path in sorted(folder.rglob("*.[mt][dx]*")) for word in path.read_text("utf-8").split()]
    sentences, passages = _cut(words, SENTENCES, 8, 40), _cut(words, PASSAGES, 80, 200)
    expected = _measure("numpy", model, sentences, passages)

    import torch

    if torch_threads:
        torch.set_num_threads(torch_threads)
    from rag.encode.torch_model import TorchModel

    found = _measure(f"torch, {torch.get_num_threads()} threads", TorchModel(card).documents, sentences, passages)
    print(f"least cosine between them: {np.einsum('ij,ij->i', expected, found).min():.7f}")


def _cut(words: Sequence[str], count: int, shortest: int, longest: int) -> list[str]:
    """Pieces of so many words from all over the text, the same at every run."""
    chance = random.Random(0)
    starts = [chance.randrange(len(words) - longest) for _ in range(count)]
    return [" ".join(words[start : start + chance.randint(shortest, longest)]) for start in starts]


def _measure(name: str, embed: Embed, sentences: Sequence[str], passages: Sequence[str]) -> NDArray[np.float32]:
    embed(sentences[:4])
    for what, texts in (("sentences", sentences), ("passages", passages)):
        wall, processor = time.perf_counter(), time.process_time()
        vectors = embed(texts)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        rate = len(texts) / wall
        print(f"{name}: {len(texts)} {what} in {wall:.2f} s ({processor:.2f} s of processor), {rate:.1f} a second")
    return vectors


if __name__ == "__main__":
    typer.run(main)
