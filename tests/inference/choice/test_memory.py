from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from inference.choice.kv_cache import Attention, cache_bytes_per_token, window_cells
from inference.choice.memory import MIB, MemoryNeed, Width, automatic_batch, card_overhead, compute_bytes
from inference.gguf.file import GgufFile, read_gguf
from inference.hardware.machine import GIB
from tests.gguf_models import write_tiny_model

ENGINE = """
import os, sys, xllamacpp
path, context, batch, attention = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_batch, params.n_ubatch = path, context, batch, batch
params.n_parallel, params.verbosity, params.ui, params.warmup, params.cache_ram_mib = 1, 5, False, False, 0
params.fit_params = False
params.flash_attn_type = getattr(xllamacpp.llama_flash_attn_type, "LLAMA_FLASH_ATTN_TYPE_" + attention)
server = xllamacpp.Server(params)
sys.stderr.flush()
os._exit(0)
"""


def engine_buffers(path: Path, context: int, batch: int, *, flash_attention: bool = True) -> tuple[float, float]:
    """KV cache and compute buffers in MiB, as llama.cpp itself logs them."""
    attention = "ENABLED" if flash_attention else "DISABLED"
    command = [sys.executable, "-c", ENGINE, str(path), str(context), str(batch), attention]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    kv = re.search(r"KV buffer size = +([\d.]+) MiB", done.stderr + done.stdout)
    compute = re.search(r"compute buffer size = +([\d.]+) MiB", done.stderr + done.stdout)
    assert kv is not None
    assert compute is not None
    return float(kv[1]), float(compute[1])


def width_of(file: GgufFile) -> Width:
    def number(key: str) -> int:
        return file.number(key) or 0

    return Width(number("embedding_length"), number("attention.head_count"), number("feed_forward_length"))


def check_against_engine(path: Path, context: int, batch: int, *, flash_attention: bool, within: float) -> None:
    pytest.importorskip("xllamacpp")
    file = read_gguf(path)
    kv, compute = engine_buffers(path, context, batch, flash_attention=flash_attention)
    assert cache_bytes_per_token(file.number) * context / MIB == pytest.approx(kv, abs=0.01)
    ruled = compute_bytes(width_of(file), context=context, batch=batch, flash_attention=flash_attention) / MIB
    assert compute <= ruled <= compute * (1 + within)


@pytest.mark.parametrize(
    ("context", "batch", "flash_attention"), [(4096, 512, True), (16_384, 1024, True), (16_384, 512, False)]
)
def test_the_rule_for_the_buffers_is_llama_cpp_s_own_and_errs_high(
    tmp_path: Path, context: int, batch: int, flash_attention: bool
) -> None:
    path = write_tiny_model(tmp_path / "tiny.gguf", context=32_768)
    check_against_engine(path, context, batch, flash_attention=flash_attention, within=0.1)


@pytest.mark.skipif(not os.environ.get("SPEEDKING_TEST_GGUF"), reason="SPEEDKING_TEST_GGUF names no model")
@pytest.mark.parametrize(("batch", "flash_attention"), [(512, True), (1024, True), (1024, False)])
def test_the_rule_holds_for_a_real_model(batch: int, flash_attention: bool) -> None:
    path = Path(os.environ["SPEEDKING_TEST_GGUF"])
    check_against_engine(path, 8192, batch, flash_attention=flash_attention, within=0.1)


def test_the_buffers_of_a_mixture_are_the_sum_by_hand() -> None:
    width = Width(embedding=2048, heads=32, feed_forward=8 * 768, experts_used=8)
    # 512 x (4 x (8 x 2048 + 2 x 6144 + 8 x 2048) + 2 x 4096); llama.cpp logged 92.02 MiB for this geometry.
    assert compute_bytes(width, context=4096, batch=512) == 512 * (4 * 45_056 + 8192) == 92 * MIB


def test_without_flash_attention_every_head_has_a_score_for_every_pair() -> None:
    width = Width(embedding=2048, heads=32, feed_forward=6144, experts_used=8)
    more = compute_bytes(width, context=16_384, batch=1024, flash_attention=False)
    assert more - compute_bytes(width, context=16_384, batch=1024) == 1024 * 16_384 * (4 * 33 - 2)


@pytest.mark.parametrize(
    ("context", "needed", "memory", "batch"),
    [
        (4096, 1, 100, 512),
        (16_384, 75, 100, 1024),
        (16_384, 76, 100, 512),
        (65_536, 60, 100, 2048),
        (65_536, 61, 100, 1024),
        (65_536, 80, 100, 512),
        (16_384, 99, None, 1024),
    ],
)
def test_the_batch_is_what_the_server_takes_by_itself(
    context: int, needed: int, memory: int | None, batch: int
) -> None:
    assert automatic_batch(context, needed, memory) == batch


def test_each_card_keeps_something_free_and_a_mac_only_once() -> None:
    assert card_overhead(1, unified_memory=False) == 1.5 * GIB
    assert card_overhead(2, unified_memory=False) == 3 * GIB
    assert card_overhead(1, unified_memory=True) == GIB
    assert card_overhead(0, unified_memory=False) == 0


def test_a_quantised_cache_has_the_bytes_of_its_blocks() -> None:
    layers = Attention(layers=1, kv_heads=1, key_size=32, value_size=32)
    assert [layers.token_bytes(kind) for kind in ("f16", "q8_0", "q4_0")] == [128, 68, 36]


def test_a_window_keeps_itself_and_a_batch_in_whole_blocks() -> None:
    assert window_cells(1024, 16_384, 1024) == 2048
    assert window_cells(128, 16_384, 512) == 768
    assert window_cells(4096, 1000, 512) == 1024


def test_the_sum_is_shown_part_by_part_without_what_is_nothing() -> None:
    need = MemoryNeed(2 * GIB, GIB, 0, GIB // 2, GIB)
    assert need.total_bytes == 4.5 * GIB
    assert [line.split()[0] for line in need.lines()] == ["weights", "KV", "compute", "driver,", "together"]
    assert need.lines()[-1].endswith("4.50 GiB")
    assert need.sentence() == "weights 2.00 + KV 1.00 + compute 0.50 + driver and kept free 1.00 = 4.50 GiB"
