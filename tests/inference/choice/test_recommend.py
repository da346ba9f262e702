from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inference.choice.catalog import CatalogModel, models
from inference.choice.fit import fit, roof, shape_from_metadata, shape_of
from inference.choice.memory import SYSTEM_RESERVE_BYTES
from inference.choice.reading import reading_s
from inference.choice.recommend import Candidate, Recommendation, recommend
from inference.choice.table import MACHINES, choice_table
from inference.hardware.described import parse_machine
from inference.hardware.machine import GIB, Gpu, Hardware

BY_TAG = {model.tag: model for model in models()}
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "choice.md"


def chosen(machine: str, context: int = 16_384) -> Candidate:
    made = recommend(parse_machine(machine), context)
    assert made.choice is not None
    return made.choice


def why_not(made: Recommendation, tag: str) -> str:
    return next(other.why for other in made.others if other.model.tag == tag)


@pytest.mark.parametrize(
    ("machine", "tag", "place"),
    [
        ("nvidia=8,ram=32", "qwen3.5:4b", "on the card"),
        ("nvidia=12,ram=32", "qwen3.5:9b", "on the card"),
        ("nvidia=16,ram=32", "gpt-oss:20b", "on the card"),
        ("amd=16,ram=32", "gpt-oss:20b", "on the card"),
        ("nvidia=24,ram=64", "qwen3:30b-a3b", "on the card"),
        ("nvidia=32,ram=64", "qwen3.5:35b", "on the card"),
        ("nvidia=16,nvidia=16,ram=64", "qwen3.5:35b", "on the card"),
        ("apple=36", "qwen3.5:35b", "on the card"),
        ("apple=16", "qwen3.5:9b", "on the card"),
        ("ram=16", "qwen3.5:2b", "in main memory"),
        ("ram=64", "qwen3.5:2b", "in main memory"),
    ],
)
def test_the_rules_of_thumb_come_out_of_the_arithmetic(machine: str, tag: str, place: str) -> None:
    found = chosen(machine)
    assert (found.model.tag, found.fit.place, found.fit.num_ctx) == (tag, place, 16_384)
    assert found.fit.memory_bytes is not None
    assert found.fit.need.total_bytes <= found.fit.memory_bytes


def test_every_part_of_the_sum_is_the_model_s_own() -> None:
    need = chosen("nvidia=24,ram=64").fit.need
    assert need.weights_bytes == 18_556_699_314
    assert need.kv_bytes == 16_384 * 98_304
    assert need.overhead_bytes == 1.5 * GIB
    # batch 512 x (4 x (8 x 2048 + 2 x 8 x 768 + 8 x 2048) + 2 x 16,384)
    assert need.compute_bytes == 512 * (4 * 45_056 + 32_768)


def test_a_larger_mixture_is_named_beside_the_choice_with_what_is_known_of_its_speed() -> None:
    made = recommend(parse_machine("nvidia=12,ram=32"), 16_384)
    assert made.alternative is not None
    assert (made.alternative.model.tag, made.alternative.fit.place) == ("qwen3.5:35b", "experts in main memory")
    assert "12 to 35 tokens/s on RTX 4070" in made.alternative.why
    assert "num_gpu unset" in made.alternative.why
    # 89.6e9 bytes a second over 1.401e9 bytes a token, of which the part outside the card
    outside = made.alternative.fit.need.total_bytes - SYSTEM_RESERVE_BYTES - 12 * GIB
    most = 89.6e9 / (1.401e9 * outside / 23_869_191_742)
    assert f"at most {most:.0f} tokens/s" in made.alternative.why


def test_too_little_main_memory_leaves_no_room_for_experts() -> None:
    shape = shape_of(BY_TAG["qwen3.5:35b"])
    assert fit(shape, parse_machine("nvidia=12,ram=32"), 16_384).place == "experts in main memory"
    assert fit(shape, parse_machine("nvidia=12,ram=8"), 16_384).place == "does not fit"
    assert fit(shape, parse_machine("nvidia=2,ram=64"), 16_384).place == "in main memory"


def test_the_context_is_shortened_before_the_card_is_left() -> None:
    only = (BY_TAG["qwen3:14b"].model_copy(update={"compared": False}),)
    made = recommend(parse_machine("nvidia=11.4,ram=64"), 32_768, only)
    assert made.choice is not None
    assert (made.choice.fit.place, made.choice.fit.num_ctx) == ("on the card", 12_288)
    assert any("32,768 were wanted" in reason for reason in made.reasons)


def test_a_cache_in_8_bits_is_taken_where_it_makes_the_wanted_context_fit() -> None:
    only = (BY_TAG["qwen3:14b"].model_copy(update={"compared": False}),)
    made = recommend(parse_machine("nvidia=12.5,ram=64"), 16_384, only)
    assert made.choice is not None
    assert (made.choice.fit.num_ctx, made.choice.fit.cache_type) == (16_384, "q8_0")
    assert made.environment == (("OLLAMA_FLASH_ATTENTION", "1"), ("OLLAMA_KV_CACHE_TYPE", "q8_0"))
    assert any("OLLAMA_KV_CACHE_TYPE=q8_0" in reason for reason in made.reasons)
    assert recommend(parse_machine("nvidia=16,ram=64"), 16_384, only).environment == ()


def test_a_cache_on_a_processor_is_never_quantised() -> None:
    for ram in (4, 6, 8, 16):
        made = recommend(parse_machine(f"ram={ram}"), 32_768)
        assert made.choice is None or made.choice.fit.cache_type == "f16"
        assert made.environment == ()


def test_a_purpose_beyond_the_training_takes_what_the_model_was_trained_on() -> None:
    only = (BY_TAG["qwen3:8b"].model_copy(update={"compared": False}),)
    made = recommend(parse_machine("nvidia=80,ram=64"), 65_536, only)
    assert made.choice is not None
    assert made.choice.fit.num_ctx == 40_960
    assert any("trained on 40,960" in reason for reason in made.reasons)


def test_more_cores_read_with_a_larger_model() -> None:
    assert chosen("ram=64,cores=64").model.tag == "qwen3.5:9b"
    assert chosen("ram=64,cores=16").model.tag == "qwen3.5:4b"
    assert chosen("ram=16,cores=1").model.tag == "qwen3.5:0.8b"


def test_how_long_a_processor_reads_is_two_operations_a_parameter_and_token() -> None:
    # 2 x 1.89e9 x 10,000 over 4 cores of 5.5e10 a second
    assert reading_s(BY_TAG["qwen3.5:2b"], parse_machine("ram=16")) == pytest.approx(171.8, abs=0.1)
    wide = replace(parse_machine("ram=16"), cpu_features=("avx512f",))
    assert reading_s(BY_TAG["qwen3.5:2b"], wide) == pytest.approx(85.9, abs=0.1)


def test_on_a_processor_a_mixture_is_the_alternative_and_not_the_choice() -> None:
    made = recommend(parse_machine("ram=64,cores=64"), 16_384)
    assert made.choice is not None
    assert not made.choice.model.mixture
    assert made.alternative is not None
    assert (made.alternative.model.tag, made.alternative.fit.place) == ("qwen3.5:35b", "in main memory")


def test_each_model_that_was_not_taken_says_why() -> None:
    made = recommend(parse_machine("nvidia=24,ram=64"), 16_384)
    assert len(made.others) == len(models()) - 2
    assert all(other.why for other in made.others)
    assert "qwen3:30b-a3b stands before it" in why_not(made, "gpt-oss:20b")
    assert "comparison" in why_not(made, "llama3.1:8b")
    assert why_not(made, "qwen3.6:35b-a3b").startswith("needs 24.3 GiB at 16,384 tokens, the card has 24.0")
    laptop = recommend(parse_machine("ram=16"), 16_384)
    assert "10,000 tokens of prompt" in why_not(laptop, "qwen3.5:9b")
    assert "there are 16.0" in why_not(laptop, "qwen3.5:35b")


def test_of_an_unknown_machine_nothing_is_chosen() -> None:
    made = recommend(Hardware.unknown(), 16_384)
    assert (made.choice, made.alternative) == (None, None)
    assert {other.fit.place for other in made.others} == {"not known"}
    assert "--machine" in made.reasons[0]


def test_a_machine_that_holds_nothing_is_told_so() -> None:
    made = recommend(parse_machine("ram=4"), 16_384)
    assert made.choice is None
    assert made.reasons == ("no model of the table fits this machine",)


def test_the_roof_is_the_card_s_bandwidth_over_the_bytes_of_a_token() -> None:
    named = parse_machine("nvidia=24,ram=64,name=RTX 3090")
    shape = shape_of(BY_TAG["qwen3:30b-a3b"])
    # 936e9 over (3.3e9 - 0.311e9) x 4.5 / 8
    assert roof(shape, named) == pytest.approx(556.7, abs=0.1)
    assert chosen("nvidia=24,ram=64,name=RTX 3090").fit.roof_tps == pytest.approx(556.7, abs=0.1)
    assert chosen("nvidia=24,ram=64").fit.roof_tps is None
    assert chosen("ram=16").fit.roof_tps is None


@pytest.mark.parametrize("model", [model for model in models() if model.reported], ids=lambda model: str(model.tag))
def test_no_reported_rate_on_a_known_card_is_above_the_roof(model: CatalogModel) -> None:
    for report in model.reported:
        if report.place == "on the card":
            most = roof(shape_of(model), Hardware("described", gpus=(Gpu("nvidia", report.on, 32 * GIB),)))
            assert most is not None
            assert report.decode_tps[1] < most


def test_a_batch_that_the_server_halves_is_told() -> None:
    assert any("half of what it takes" in reason for reason in recommend(parse_machine("nvidia=24"), 16_384).reasons)
    assert not any("half" in reason for reason in recommend(parse_machine("nvidia=32"), 16_384).reasons)


def test_what_is_in_use_now_is_told_where_it_is_in_the_way() -> None:
    busy = Hardware("probed", ram_bytes=64 * GIB, gpus=(Gpu("nvidia", "RTX 3090", 24 * GIB, used_bytes=20 * GIB),))
    assert any("20.0 GiB of the card are in use" in reason for reason in recommend(busy, 16_384).reasons)
    idle = replace(busy, gpus=(replace(busy.gpus[0], used_bytes=GIB),))
    assert not any("in use" in reason for reason in recommend(idle, 16_384).reasons)
    full = Hardware("probed", ram_bytes=16 * GIB, available_bytes=GIB)
    assert any("only 1.0 GiB of main memory" in reason for reason in recommend(full, 16_384).reasons)


def test_assumed_memory_is_among_the_reasons() -> None:
    assert any("32 GiB are assumed" in reason for reason in recommend(parse_machine("nvidia=24"), 16_384).reasons)


def test_a_model_known_by_its_metadata_alone_errs_high() -> None:
    info = {
        "block_count": 40,
        "embedding_length": 2048,
        "attention.head_count": 16,
        "attention.head_count_kv": 2,
        "attention.key_length": 256,
        "attention.value_length": 256,
        "full_attention_interval": 4,
        "expert_used_count": 8,
        "expert_feed_forward_length": 512,
        "context_length": 262_144,
    }
    by_metadata = shape_from_metadata("mine", 23_869_191_742, info.get)
    by_table = shape_of(BY_TAG["qwen3.5:35b"])
    assert by_metadata.cache_bytes(16_384, "f16", 512) == by_table.cache_bytes(16_384, "f16", 512)
    assert (by_metadata.width, by_metadata.trained_context) == (by_table.width, 262_144)


def test_the_document_shows_what_the_function_says() -> None:
    text = DOCUMENT.read_text("utf-8")
    block = text.partition("<!-- choice: begin -->\n")[2].partition("<!-- choice: end -->")[0]
    assert block == choice_table(), "write the output of `python -m inference.choice.table` between the marks"
    assert len(MACHINES) == 6
