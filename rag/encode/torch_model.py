"""A sentence-transformers model by torch: on a graphics card where there is one, else on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag.encode.card import Card, unreadable
from rag.encode.on_disk import hub_offline

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""Names of torch and of Linux for the instructions; without them bfloat16 is emulated, several times slower than
float32."""
_DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""NVIDIA's, AMD's, and Windows' under its Linux."""


PLAIN = "cpu float32"
"""A way is where and in what numbers vectors are computed; this one always works."""


def surely_none() -> bool:
    """Whether it is certain without loading torch that `other_ways` is empty: Linux, no driver of a card, and a CPU
    that lists no such instructions."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text("utf-8").split())
    except OSError:
        return False
    return not flags.intersection(_BFLOAT16) and not any(Path(driver).exists() for driver in _DRIVERS)


def other_ways() -> list[str]:
    """What this machine has besides `PLAIN` and may be faster."""
    quiet_and_offline()
    import torch

    if torch.cuda.is_available():
        return ["cuda bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "cuda float32"]
    if torch.backends.mps.is_available():
        return ["mps float32"]
    able = torch.cpu.get_capabilities()
    return ["cpu bfloat16"] if any(able.get(name) for name in _BFLOAT16) else []


class TorchModel:
    """Loaded with its first vector: importing the library takes some five seconds."""

    def __init__(self, card: Card, way: str = PLAIN) -> None:
        self._card = card
        self._device, self._dtype = way.split()

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dimension), each row of length 1."""
        return _numbers(
            self._model.encode_document(list(texts), prompt=self._card.prompts.document or None, **_ARGUMENTS)
        )

    def query(self, text: str) -> NDArray[np.float32]:
        """(dimension,), of length 1."""
        return _numbers(self._model.encode_query(text, prompt=self._card.prompts.query or None, **_ARGUMENTS))

    @cached_property
    def _model(self) -> SentenceTransformer:
        quiet_and_offline()
        import torch
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(
                str(self._card.folder),
                device=self._device,
                local_files_only=True,
                model_kwargs={"dtype": getattr(torch, self._dtype)},
            )
        except Exception as error:  # whatever transformers raises over a folder that holds something else
            raise unreadable(self._card, str(error).partition("\n")[0]) from error
        model.max_seq_length = self._card.max_tokens
        return model


_ARGUMENTS: dict[str, Any] = {
    "batch_size": 16,
    "normalize_embeddings": True,
    "show_progress_bar": False,
    "convert_to_tensor": True,
}


def _numbers(tensor: Any) -> NDArray[np.float32]:
    """Normalised once more: in bfloat16 a vector's length is 1 to two digits only."""
    vectors: NDArray[np.float32] = tensor.float().cpu().numpy()
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors


def quiet_and_offline() -> None:
    """Nothing is fetched unasked, no telemetry, no progress bars."""
    hub_offline()
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
