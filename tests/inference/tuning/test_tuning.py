from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from inference import TuningPlan, apply_tuning, plan_tuning
from inference.choice.recommend import recommend
from inference.errors import (
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
    UsageError,
)
from inference.hardware.described import parse_machine
from inference.hardware.machine import Hardware
from inference.modelfile.parameters import TunedOption, modelfile
from inference.purposes import PURPOSES
from inference.tuning.plan import plan_described, tag_for
from tests.gguf_models import write_tiny_model
from tests.inference.stand_in import Model, OllamaStandIn

GIB = 1 << 30


def values(plan: TuningPlan) -> dict[str, Any]:
    return {option.name: option.value for option in plan.options}


def machine(memory: int) -> Hardware:
    return Hardware("described", ram_bytes=memory)


def plan_for(model: Model, *, num_ctx: int | None = None, memory: int = 64 * GIB, **more: Any) -> TuningPlan:
    with OllamaStandIn({"m:1b": model}) as server:
        return plan_tuning("m:1b", num_ctx=num_ctx, base_url=server.url, hardware=machine(memory), **more)


def test_the_context_holds_a_prompt_of_ten_thousand_tokens() -> None:
    assert plan_for(Model()).num_ctx == 16_384


def test_the_context_stays_within_the_training_and_the_plan_says_what_does_not_fit() -> None:
    plan = plan_for(Model(trained=8192))
    assert plan.num_ctx == 8192
    assert any("10,000" in note for note in plan.notes)


def test_the_context_shrinks_with_the_memory() -> None:
    whole = plan_for(Model(size=1)).fit
    assert whole is not None
    # 8 layers x 2 KV heads x 2 x 64 x 2 bytes = 4 KiB a token: 16,384 take 64 MiB. 4 GiB are the system's.
    assert (whole.need.kv_bytes, whole.need.overhead_bytes) == (64 << 20, 4 << 30)
    assert plan_for(Model(size=1), memory=whole.need.total_bytes).num_ctx == 16_384
    assert plan_for(Model(size=1), memory=whole.need.total_bytes - 1).num_ctx == 12_288
    assert plan_for(Model(size=1), memory=4 << 30).num_ctx == 4096


def test_the_context_shrinks_before_the_card_is_left() -> None:
    # A model of 6 GiB on a card of 8: of what is left llama.cpp and the driver keep 1.5 GiB.
    card = parse_machine("nvidia=8,ram=64")
    with OllamaStandIn({"m:1b": Model(size=int(6.4 * GIB), trained=131_072)}) as server:
        plan = plan_tuning("m:1b", base_url=server.url, hardware=card, purpose="coding")
    assert plan.fit is not None
    assert (plan.fit.place, plan.num_ctx < 32_768) == ("on the card", True)


def test_a_purpose_brings_its_context_and_its_options() -> None:
    plan = plan_for(Model(trained=65_536), purpose="creative")
    assert plan.num_ctx == PURPOSES["creative"].context_tokens
    assert values(plan)["temperature"] == PURPOSES["creative"].temperature
    assert plan_for(Model(trained=65_536), purpose="coding").num_ctx == 32_768


def test_threads_are_set_only_where_they_are_asked_for() -> None:
    plan = plan_for(Model(), num_thread=1)
    assert values(plan)["num_thread"] == 1
    assert "num_thread" not in plan.left_alone
    assert "num_thread" not in values(plan_for(Model()))


def test_the_sum_of_the_memory_goes_with_the_plan() -> None:
    plan = plan_for(Model(size=GIB))
    assert plan.fit is not None
    assert plan.fit.need.weights_bytes == GIB
    assert "together" in plan.fit.need.lines()[-1]


def test_the_recommended_model_is_the_base_where_it_is_installed() -> None:
    laptop = machine(16 * GIB)
    best = recommend(laptop, 16_384).choice
    assert best is not None
    size = best.model.files[0].size_bytes
    with OllamaStandIn({"m:1b": Model(), best.model.tag: Model(size=size)}) as server:
        plan = plan_tuning(base_url=server.url, hardware=laptop)
    assert (plan.base, plan.better) == (best.model.tag, None)


def test_a_better_suited_model_that_is_not_installed_is_named() -> None:
    with OllamaStandIn({"m:1b": Model()}) as server:
        plan = plan_tuning(base_url=server.url, hardware=machine(16 * GIB))
    assert (plan.base, plan.better) == ("m:1b", "qwen3.5:2b")


def test_a_described_machine_has_a_plan_and_no_server() -> None:
    plan = plan_described(parse_machine("nvidia=24,ram=64"))
    assert (plan.base, plan.server, plan.num_ctx) == ("qwen3:30b-a3b", False, 16_384)
    with pytest.raises(ModelUnsuitableError, match="no model"):
        plan_described(machine(1 * GIB))


def test_an_asked_context_is_taken_as_it_is() -> None:
    assert plan_for(Model(), num_ctx=20_000).num_ctx == 20_000


@pytest.mark.parametrize("num_ctx", [0, 100, 40_000])
def test_a_context_that_cannot_be_names_the_limits(num_ctx: int) -> None:
    with pytest.raises(UsageError) as caught:
        plan_for(Model(), num_ctx=num_ctx)
    assert "32,768" in caught.value.next_step


def test_what_a_base_would_pass_on_is_set() -> None:
    plan = plan_for(Model(parameters={"presence_penalty": 1.5, "top_k": 64, "top_p": 0.5, "temperature": 1}))
    assert {"presence_penalty", "top_k", "top_p", "temperature", "repeat_penalty"} <= values(plan).keys()
    assert values(plan)["presence_penalty"] == 0
    assert 0 < values(plan)["num_predict"] < plan.num_ctx


def test_every_option_has_a_reason_and_what_is_left_alone_too() -> None:
    plan = plan_for(Model())
    assert all(option.reason for option in plan.options)
    assert {"flash attention", "num_keep", "num_gpu", "num_batch"} <= plan.left_alone.keys()
    assert not {"flash_attn", "num_keep", "num_gpu", "num_batch"} & values(plan).keys()


def test_the_modelfile_has_each_value_under_its_reason() -> None:
    text = modelfile("base:1b", [TunedOption("num_ctx", 8192, "because")])
    assert text == "FROM base:1b\n\n# because\nPARAMETER num_ctx 8192\n"


@pytest.mark.parametrize(
    ("name", "value"), [("flash_attn", 1), ("num_ctx", 8192.5), ("num_ctx", True), ("temperature", "hot")]
)
def test_a_name_or_type_that_ollama_would_store_blindly_is_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        TunedOption(name, value, "because")


@pytest.mark.parametrize(
    ("base", "tag"),
    [
        ("qwen3.5:35b", "speedking-qwen3.5-35b"),
        ("mine:latest", "speedking-mine"),
        ("hf.co/Some One/Model:Q4", "speedking-hf.co-some-one-model-q4"),
        ("???", "speedking-model"),
    ],
)
def test_the_tag_is_made_of_what_ollama_allows(base: str, tag: str) -> None:
    assert tag_for(base) == tag


def test_a_base_to_choose_is_never_a_tuned_one() -> None:
    with OllamaStandIn({"speedking-m-1b:latest": Model(), "m:1b": Model()}) as server:
        assert plan_tuning(base_url=server.url).base == "m:1b"


def test_a_tuned_base_is_refused() -> None:
    with OllamaStandIn({"speedking-m:latest": Model()}) as server, pytest.raises(UsageError, match="tuned"):
        plan_tuning("speedking-m", base_url=server.url)


def test_a_base_that_is_not_installed_is_not_pulled() -> None:
    with OllamaStandIn() as server:
        with pytest.raises(ModelMissingError) as caught:
            plan_tuning("qwen3.5:2b", base_url=server.url)
        assert "`ollama pull qwen3.5:2b`" in caught.value.next_step
        assert not any(asked.path == "/api/pull" for asked in server.asked)


def test_without_a_server_a_named_base_still_has_a_plan() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        plan = plan_tuning("qwen3.5:2b", base_url=url)
        assert plan.server is False
        assert plan.modelfile.startswith("FROM qwen3.5:2b\n")
        with pytest.raises(EngineUnavailableError):
            plan_tuning(base_url=url)


def test_a_file_is_planned_from_its_own_head(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "Tiny One.gguf", context=6000)
    with OllamaStandIn() as server:
        plan = plan_tuning(str(path), base_url=server.url, hardware=machine(64 * GIB))
    assert (plan.tag, plan.num_ctx) == ("speedking-tiny-one", 4096)
    assert plan.modelfile.startswith(f"FROM {path}\n")


def test_applied_options_are_read_back_from_the_loaded_model_and_the_stored_one() -> None:
    said: list[str] = []
    with OllamaStandIn({"m:1b": Model(parameters={"presence_penalty": 1.5})}) as server:
        plan = plan_tuning("m:1b", num_ctx=16_000, base_url=server.url)
        result = apply_tuning(plan, base_url=server.url, on_status=said.append)
    assert result.tag == "speedking-m-1b"
    assert result.all_in_force
    assert result.context_tokens == 16_000
    read = {option.name: (option.in_force, option.source) for option in result.options}
    assert read["num_ctx"] == ("16000", "loaded model")
    assert read["presence_penalty"] == ("0.0", "stored in the model")
    assert "success" in said


def test_an_option_that_is_not_in_force_is_told() -> None:
    with OllamaStandIn({"m:1b": Model()}) as server:
        plan = plan_tuning("m:1b", base_url=server.url)
        server.forced_context = 4096
        result = apply_tuning(plan, base_url=server.url)
    told = {option.name: option.status for option in result.options if option.status != "in force"}
    assert told == {"num_ctx": "differs"}
    assert not result.all_in_force


def test_what_no_process_tells_is_not_known() -> None:
    with OllamaStandIn({"m:1b": Model()}) as server:
        result = apply_tuning(plan_tuning("m:1b", base_url=server.url), base_url=server.url)
    assert result.runner is None
    assert dict(result.observed)["flash attention"] == "not known"


def test_a_file_is_sent_once(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "tiny.gguf")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with OllamaStandIn({}) as server:
        plan = plan_tuning(str(path), base_url=server.url)
        sent: list[int] = []
        apply_tuning(plan, base_url=server.url, on_sent=sent.append)
        assert server.blobs == {digest: path.read_bytes()}
        assert sent[-1] == path.stat().st_size
        again: list[int] = []
        result = apply_tuning(plan, base_url=server.url, on_sent=again.append)
        assert again == []
        created = [asked.body for asked in server.asked if asked.path == "/api/create"][-1]
    assert created["files"] == {"tiny.gguf": f"sha256:{digest}"}
    assert result.all_in_force


def test_a_base_that_went_away_meanwhile_is_missing() -> None:
    with OllamaStandIn({"m:1b": Model()}) as server:
        plan = plan_tuning("m:1b", base_url=server.url)
        server.models = {"other:1b": Model()}
        with pytest.raises(ModelMissingError, match="other:1b"):
            apply_tuning(plan, base_url=server.url)


def test_a_create_that_fails_says_the_server_s_words(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "tiny.gguf")
    with OllamaStandIn({}) as server:
        plan = plan_tuning(str(path), base_url=server.url)
        server.create_error = "no space left on device"
        with pytest.raises(GenerationError, match="no space left"):
            apply_tuning(plan, base_url=server.url)


@pytest.mark.parametrize("keeps_all", [False, True])
def test_a_tag_that_cannot_be_loaded_does_not_stay_to_be_chosen(keeps_all: bool) -> None:
    with OllamaStandIn({"m:1b": Model()}) as server:
        plan = plan_tuning("m:1b", base_url=server.url)
        server.load_error, server.keeps_all = "cudaMalloc failed: out of memory", keeps_all
        with pytest.raises(GenerationError, match="out of memory") as caught:
            apply_tuning(plan, base_url=server.url)
        assert (f"{plan.tag}:latest" in server.models) is keeps_all
    if keeps_all:
        assert f"`ollama rm {plan.tag}`" in caught.value.next_step
    else:
        assert "deleted again" in caught.value.message


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (Model(capabilities=("embedding",)), "embedding"),
        (Model(remote_host="https://far.example:443"), "far.example"),
    ],
)
def test_a_base_that_cannot_be_used_here_is_not_tuned(model: Model, said: str) -> None:
    with OllamaStandIn({"m:1b": model}) as server, pytest.raises(ModelUnsuitableError, match=said):
        plan_tuning("m:1b", base_url=server.url)


def test_a_file_that_writes_no_text_is_not_tuned(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "embed.gguf", pooling=3)
    with OllamaStandIn({}) as server, pytest.raises(ModelUnsuitableError, match="does not write text"):
        plan_tuning(str(path), base_url=server.url)


@pytest.mark.parametrize(("version", "told"), [("0.12.3", True), ("0.33.0", False), ("0.0.0", False)])
def test_an_old_server_is_told_of_and_tuned_all_the_same(version: str, told: bool) -> None:
    said: list[str] = []
    with OllamaStandIn({"m:1b": Model()}) as server:
        server.version = version
        result = apply_tuning(plan_tuning("m:1b", base_url=server.url), base_url=server.url, on_status=said.append)
    assert any("is old" in status for status in said) is told
    assert result.all_in_force


def test_a_tag_that_stood_there_before_is_not_deleted_when_it_cannot_be_loaded() -> None:
    with OllamaStandIn({"m:1b": Model()}) as server:
        plan = plan_tuning("m:1b", base_url=server.url)
        apply_tuning(plan, base_url=server.url)
        server.running = []
        server.load_error = "cudaMalloc failed: out of memory"
        with pytest.raises(GenerationError, match="out of memory"):
            apply_tuning(plan, base_url=server.url)
        assert f"{plan.tag}:latest" in server.models


def test_a_full_queue_is_waited_for_before_the_model_is_loaded() -> None:
    with OllamaStandIn({"m:1b": Model()}) as server:
        plan = plan_tuning("m:1b", base_url=server.url)
        server.busy_for = 2
        assert apply_tuning(plan, base_url=server.url).all_in_force


def test_on_a_running_server_the_cache_has_the_type_that_it_has() -> None:
    """A card of 20 GiB: described, the 8-bit cache may be asked for; a server that runs with 16 bits is not assumed to
    have another."""
    card = parse_machine("nvidia=20,ram=32")
    assert plan_described(card).fit is not None
    with OllamaStandIn({"m:1b": Model()}) as server:
        plan = plan_tuning("m:1b", base_url=server.url, hardware=card)
    assert plan.fit is not None
    assert plan.fit.cache_type == "f16"
    assert plan.recommended is not None
    assert plan.recommended.choice is not None
    assert plan.recommended.choice.fit.cache_type == "f16"


def test_whoever_cancels_before_it_is_verified_is_told_what_stays() -> None:
    def cancelled(status: str) -> None:
        if status.startswith("loading"):
            raise KeyboardInterrupt

    with OllamaStandIn({"m:1b": Model()}) as server:
        plan = plan_tuning("m:1b", base_url=server.url)
        with pytest.raises(KeyboardInterrupt, match=f"ollama rm {plan.tag}"):
            apply_tuning(plan, base_url=server.url, on_status=cancelled)
        assert f"{plan.tag}:latest" in server.models
