"""The rules of the cache, on a real llama.cpp with a real model."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from eval import measure_prefill, prompt_maker, warm_up
from inference.record import Generation

MODEL = os.environ.get("SPEEDKING_TEST_GGUF")
pytestmark = [
    pytest.mark.skipif(not MODEL, reason="SPEEDKING_TEST_GGUF names no model"),
    pytest.mark.skipif(MODEL is not None and not Path(MODEL).is_file(), reason=f"{MODEL} is not there"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    xllamacpp = pytest.importorskip("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = MODEL
    params.n_ctx = 2048
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.verbosity = -1
    running = xllamacpp.Server(params)
    yield running.listening_address
    del running


def generator(server: str) -> Callable[[str], Generation]:
    def generate(prompt: str) -> Generation:
        body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 16, "temperature": 0}
        reply = httpx.post(f"{server}/v1/chat/completions", json=body, timeout=300, trust_env=False)
        timings: dict[str, Any] = json.loads(reply.raise_for_status().content)["timings"]
        return Generation(
            "test",
            "real",
            prompt_tokens=timings["cache_n"] + timings["prompt_n"],
            cached_tokens=timings["cache_n"],
            cached_source="field",
            decode_tokens=timings["predicted_n"],
            prefill_s=timings["prompt_ms"] / 1000,
            decode_s=timings["predicted_ms"] / 1000,
        )

    return generate


@pytest.fixture(scope="module")
def count_tokens(server: str) -> Callable[[str], int]:
    def count(text: str) -> int:
        reply = httpx.post(f"{server}/tokenize", json={"content": text}, timeout=60, trust_env=False)
        return len(reply.raise_for_status().json()["tokens"])

    return count


def test_new_prompts_are_measured_and_of_the_asked_length(server: str, count_tokens: Callable[[str], int]) -> None:
    row = measure_prefill(generator(server), prompt_maker(count_tokens), 200, repeats=2)
    assert row.status in ("measured", "bounded")  # bounded: the template's head is above 1 % of 400
    assert row.prefill_tps
    assert row.prompt_tokens is not None
    assert row.cached_tokens is not None
    assert row.cached_tokens <= 64
    assert abs(row.prompt_tokens - row.cached_tokens - 200) <= 30


def test_the_same_prompt_again_is_refused(server: str, count_tokens: Callable[[str], int]) -> None:
    generate, fixed = generator(server), prompt_maker(count_tokens)(150, "0" * 16)
    generate(fixed)
    # The nonce goes to us, the prompt without it to the server, as a careless benchmark would do.
    row = measure_prefill(lambda prompt: generate(fixed), prompt_maker(count_tokens), 150, repeats=1)
    assert row.status == "refused"
    assert row.prefill_tps is None
    assert row.reason is not None
    assert "invalid: cached" in row.reason


def test_the_bound_is_not_above_what_the_engine_knows(server: str, count_tokens: Callable[[str], int]) -> None:
    kept: list[Generation] = []

    def silent(prompt: str) -> Generation:
        kept.append(generator(server)(prompt))
        told = kept[-1]
        return Generation("test", "real", told.prompt_tokens, None, None, decode_tokens=16, prefill_s=told.prefill_s)

    row = measure_prefill(silent, prompt_maker(count_tokens), 300, repeats=1, warm=True)
    assert row.status == "bounded"
    known = kept[-1].prefill_tps
    assert known is not None
    assert row.prefill_tps is not None
    assert 0.8 * known <= row.prefill_tps <= known


def test_a_probe_tells_both_rates(server: str, count_tokens: Callable[[str], int]) -> None:
    probe = warm_up(generator(server), prompt_maker(count_tokens), 128).probe
    assert probe.prefill_tps
    assert probe.decode_tps
