from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.encode.torch_model import other_ways, surely_none
from rag.encode.trial import Documents, fastest, machine

TEXTS = ["tea"] * 8


def way(seconds: float, angle: float = 0.0) -> Documents:
    def documents(texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(seconds)
        return np.tile(np.array([np.cos(angle), np.sin(angle)], np.float32), (len(texts), 1))

    return documents


SLOW, QUICK = 0.2, 0.001


def test_the_faster_way_with_the_same_vectors_wins() -> None:
    assert fastest(("base", way(SLOW)), [("other", way(QUICK, 0.02))], TEXTS) == "other"


def test_a_faster_way_with_other_vectors_does_not() -> None:
    assert fastest(("base", way(SLOW)), [("other", way(QUICK, 0.06))], TEXTS) == "base"


def test_a_slower_way_does_not() -> None:
    assert fastest(("base", way(QUICK)), [("other", way(SLOW))], TEXTS) == "base"


def test_loading_is_no_part_of_the_time() -> None:
    calls = []

    def loads_first(texts: Sequence[str]) -> NDArray[np.float32]:
        calls.append(len(texts))
        return way(4 * SLOW if len(calls) == 1 else QUICK)(texts)

    assert fastest(("base", way(SLOW)), [("other", loads_first)], TEXTS) == "other"


def test_without_another_way_it_is_the_base() -> None:
    assert fastest(("base", way(QUICK)), [], TEXTS) == "base"


def test_bfloat16_is_no_way_on_a_cpu_without_its_instructions() -> None:
    import torch

    able = torch.cpu.get_capabilities()
    instructions = any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))
    assert instructions or "cpu bfloat16" not in other_ways()


def test_what_is_certain_without_torch_is_what_torch_says() -> None:
    assert not surely_none() or other_ways() == []


def test_the_machine_is_named_with_its_torch() -> None:
    import torch

    assert machine().endswith(f"torch {torch.__version__.partition('+')[0]}")
