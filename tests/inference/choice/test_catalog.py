from __future__ import annotations

import pytest
from pydantic import ValidationError

from inference.choice.catalog import LEAST_BITS, CatalogModel, bandwidth, find_model, find_size, models
from inference.hardware.machine import Gpu

BY_TAG = {model.tag: model for model in models()}


def test_the_table_has_what_people_ask_for() -> None:
    assert {
        "qwen3.5:35b",
        "qwen3.6:35b-a3b",
        "qwen3:30b-a3b",
        "gpt-oss:20b",
        "gemma4:26b",
        "qwen3.5:9b",
        "qwen3.5:2b",
        "qwen3:8b",
        "llama3.1:8b",
        "qwen2.5-coder:1.5b",
    } <= BY_TAG.keys()


@pytest.mark.parametrize("model", models(), ids=lambda model: str(model.tag))
def test_a_file_is_as_large_as_its_parameters_at_its_quantisation(model: CatalogModel) -> None:
    for file in model.files:
        bits = file.size_bytes * 8 / model.total_parameters
        # Above: tensors that stay in more bits, and the eye of a model that sees, in 16.
        assert LEAST_BITS[file.quantisation] < bits < LEAST_BITS[file.quantisation] + 2


@pytest.mark.parametrize("model", models(), ids=lambda model: str(model.tag))
def test_what_is_active_is_part_of_the_whole(model: CatalogModel) -> None:
    assert model.looked_up_parameters < model.active_parameters <= model.total_parameters
    assert (model.active_parameters < model.total_parameters / 5) is model.mixture
    assert model.full.layers + (model.sliding.layers if model.sliding else 0) <= model.layers
    assert 0.8 < model.expert_share < 1 if model.mixture else model.expert_share == 0
    assert model.source


def test_the_growing_cache_is_the_sum_by_hand() -> None:
    # 48 layers x 4 KV heads x (128 + 128) x 2 bytes
    assert BY_TAG["qwen3:30b-a3b"].full.attention.token_bytes() == 98_304
    # every fourth of 40 layers, 2 x (256 + 256) x 2 bytes
    assert BY_TAG["qwen3.5:35b"].full.attention.token_bytes() == 20_480
    assert BY_TAG["qwen3.5:35b"].cache_bytes(16_384) == 335_544_320
    # 34 bytes for 32 values in the place of 64
    assert BY_TAG["qwen3.5:35b"].cache_bytes(16_384, "q8_0") == 335_544_320 * 34 // 64


def test_a_sliding_window_stops_growing() -> None:
    gpt = BY_TAG["gpt-oss:20b"]
    # 12 layers of each kind, 8 KV heads x (64 + 64) x 2 bytes = 24,576 a token; the window keeps 128 + 512 tokens,
    # rounded up to 768.
    assert gpt.cache_bytes(8192, batch=512) == 24_576 * (8192 + 768)
    assert gpt.cache_bytes(16_384, batch=512) - gpt.cache_bytes(8192, batch=512) == 24_576 * 8192
    assert gpt.cache_bytes(256, batch=512) == 24_576 * 512


def test_the_state_of_the_linear_layers_is_the_sum_by_hand() -> None:
    # 30 layers x (3 x (4096 + 2 x 16 x 128) + 4096 x 128) x 4 bytes
    assert BY_TAG["qwen3.5:35b"].state_bytes == 30 * (3 * 8192 + 524_288) * 4
    assert BY_TAG["qwen3.5:9b"].state_bytes / (1 << 20) == pytest.approx(50.25)
    assert BY_TAG["qwen3.5:2b"].state_bytes == 18 * (3 * 6144 + 2048 * 128) * 4


def test_a_token_reads_at_least_the_active_parameters() -> None:
    # 3.0e9 - 0.509e9 parameters of 4.5 bits
    assert BY_TAG["qwen3.5:35b"].active_bytes("Q4_K_M") == pytest.approx(1.401e9, rel=1e-3)


def test_a_model_is_found_by_its_tag_and_a_tuned_one_by_its_file() -> None:
    assert find_model("QWEN3.5:35b") is BY_TAG["qwen3.5:35b"]
    assert find_model("qwen:35b") is None
    assert find_size(23_869_191_742 + 82) is BY_TAG["qwen3.5:35b"]
    assert find_size(23_869_191_742 - 1) is None


def test_a_line_that_cannot_be_is_refused() -> None:
    line = BY_TAG["gpt-oss:20b"].model_dump()
    with pytest.raises(ValidationError, match="more parameters are active"):
        CatalogModel.model_validate(line | {"active_parameters": 30e9})
    with pytest.raises(ValidationError, match="experts"):
        CatalogModel.model_validate(line | {"experts_used": 64})
    with pytest.raises(ValidationError, match="flavour"):
        CatalogModel.model_validate(line | {"flavour": "sweet"})


def test_a_card_s_bandwidth_is_known_by_its_whole_name() -> None:
    assert bandwidth(Gpu("nvidia", "NVIDIA GeForce RTX 3090")) == 936e9
    assert bandwidth(Gpu("nvidia", "RTX 4070 SUPER")) == 504e9
    assert bandwidth(Gpu("apple", "Apple M3 Pro")) == 154e9
    assert bandwidth(Gpu("nvidia", "NVIDIA GeForce RTX 4070 Laptop GPU")) is None
    assert bandwidth(Gpu("nvidia", "NVIDIA card of 24 GiB")) is None
