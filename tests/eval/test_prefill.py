from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest

from eval import to_json
from eval.busy import CpuSnapshot
from eval.prefill import judge_prefill
from eval.prefill import measure_prefill as measure_beside_others
from eval.row import PrefillSample
from inference.errors import ContextOverflowError, GenerationError, MeasurementError
from inference.record import Generation

# How busy the machine of a test is must not decide it: only one test looks.
measure_prefill = partial(measure_beside_others, look=lambda: None)


def prompt(tokens: int, nonce: str) -> str:
    return f"{nonce} " + "word " * (tokens - 1)


@dataclass
class Engine:
    """Computes `tps` prompt tokens a second and keeps the head of every prompt in its cache."""

    tells_cached: bool = True
    head: int = 0
    ignores_nonce: bool = False
    tps: float = 1000.0
    load_s: float = 0.002
    prompts: list[str] = field(default_factory=list)

    def __call__(self, prompt: str) -> Generation:
        self.prompts.append(prompt)
        count = self.head + len(prompt.split())
        warm = len(self.prompts) > 1
        cached = (count - 1 if self.ignores_nonce else self.head) if warm else 0
        seconds = (count - cached) / self.tps
        return Generation(
            "test",
            "m",
            prompt_tokens=count,
            cached_tokens=cached if self.tells_cached else None,
            cached_source="field" if self.tells_cached else None,
            decode_tokens=20,
            load_s=self.load_s,
            prefill_s=seconds,
            decode_s=0.5,
            ttft_s=seconds + 0.01,
            total_s=seconds + 0.52,
        )


def test_known_and_few_cached_tokens_are_subtracted() -> None:
    row = measure_prefill(Engine(head=10), prompt, 2000)
    assert row.status == "measured"
    assert (row.prompt_tokens, row.cached_tokens, row.cached_source) == (2010, 10, "field")
    assert row.prefill_tps == pytest.approx(1000)
    assert row.ttft_s == pytest.approx(2.01)
    assert row.decode_tps == pytest.approx(40)
    assert row.reason is None
    assert len(row.samples) == 3


def test_unknown_cached_tokens_are_bounded_by_the_template_s_head() -> None:
    row = measure_prefill(Engine(tells_cached=False, head=10), prompt, 2000, head_tokens=64)
    assert row.status == "bounded"
    # 2,000 tokens took 2 s. Had 64 of the 2,010 been cached: 1,946 / 2 s. The true rate is not below it.
    assert row.prefill_tps == pytest.approx(973)
    assert row.cached_tokens is None
    assert row.reason is not None
    assert "at most 64 of 2,010" in row.reason


def test_a_cached_prompt_has_no_figure() -> None:
    row = measure_prefill(Engine(ignores_nonce=True), prompt, 2000)
    assert row.status == "refused"
    assert row.reason == "invalid: cached (1,999 of 2,000 tokens)"
    assert row.prefill_tps is None
    assert row.ttft_s is None
    assert len(row.samples) == 3


def test_a_refused_sample_makes_no_bound_of_the_others_and_is_told() -> None:
    caches = iter([0, 900, 0])

    def generate(text: str) -> Generation:
        return Generation("test", "m", 1000, next(caches), "field", prefill_s=1.0)

    row = measure_prefill(generate, prompt, 1000, warm=True)
    assert row.status == "measured"
    assert row.prefill_tps == pytest.approx(1000)
    assert row.reason is not None
    assert "1 of 3 samples refused" in row.reason


def test_a_head_above_one_per_cent_of_a_short_prompt_is_marked() -> None:
    row = measure_prefill(Engine(head=30), prompt, 1000)
    assert row.status == "bounded"
    assert row.prefill_tps == pytest.approx(1000)
    assert row.reason is not None
    assert "30 of 1,030 tokens cached" in row.reason


@pytest.mark.parametrize(
    ("cached", "status"), [(0, "measured"), (100, "measured"), (101, "refused"), (10_000, "refused")]
)
def test_the_limit_of_cached_tokens_is_one_per_cent(cached: int, status: str) -> None:
    generation = Generation("test", "m", prompt_tokens=10_000, cached_tokens=cached, prefill_s=1.0)
    assert judge_prefill(generation, head_tokens=64)[0] == status


def test_an_engine_without_prompt_time_has_a_rate_on_our_clock_in_its_own_column() -> None:
    def generate(text: str) -> Generation:
        return Generation("test", "m", prompt_tokens=len(text.split()), ttft_s=2.0)

    row = measure_prefill(generate, prompt, 1000)
    assert row.status == "refused"
    assert row.prefill_tps is None
    assert row.prefill_client_tps == pytest.approx(500)
    assert row.ttft_s == 2.0


def test_every_prompt_begins_with_a_nonce_of_its_own() -> None:
    engine = Engine()
    measure_prefill(engine, prompt, 500, repeats=4)
    firsts = [text.split()[0] for text in engine.prompts]
    assert len(set(firsts)) == len(firsts) == 5  # one of them warms up
    assert all(re.fullmatch("[0-9a-f]{16}", first) for first in firsts)


def test_the_warm_up_is_small_and_not_counted() -> None:
    engine = Engine()
    row = measure_prefill(engine, prompt, 5000, repeats=1)
    assert [len(text.split()) for text in engine.prompts] == [256, 5000]
    assert len(row.samples) == 1
    measure_prefill(engine, prompt, 5000, repeats=1, warm=True)
    assert len(engine.prompts) == 3


def test_a_prompt_that_hides_the_nonce_is_an_error() -> None:
    with pytest.raises(MeasurementError, match="nonce"):
        measure_prefill(Engine(), lambda tokens, nonce: "word " * tokens + nonce, 1000)


def test_a_length_that_differs_from_the_asked_one_is_said() -> None:
    row = measure_prefill(Engine(head=50), prompt, 1000)
    assert row.reason is not None
    assert "asked for 1,000 tokens, the engine counted 1,050" in row.reason


def test_a_decode_rate_over_a_few_tokens_is_not_given() -> None:
    def generate(text: str) -> Generation:
        return Generation("test", "m", 1000, 0, "field", decode_tokens=1, prefill_s=1.0, decode_s=1e-6)

    assert measure_prefill(generate, prompt, 1000).decode_tps is None


def test_a_prompt_that_does_not_fit_skips_the_row() -> None:
    def generate(text: str) -> Generation:
        raise ContextOverflowError(
            "10,050 tokens do not fit 4,096", next_step="tune", prompt_tokens=10_050, context_tokens=4096
        )

    row = measure_prefill(generate, prompt, 10_000)
    assert (row.status, row.prefill_tps) == ("skipped", None)
    assert row.reason == "10,050 tokens do not fit 4,096; tune"


def test_an_engine_that_fails_half_way_keeps_its_samples() -> None:
    engine = Engine()

    def generate(text: str) -> Generation:
        if len(engine.prompts) == 3:
            raise GenerationError("unexpected EOF", next_step="look at the log")
        return engine(text)

    row = measure_prefill(generate, prompt, 1000)
    assert row.status == "failed"
    assert row.reason is not None
    assert "unexpected EOF" in row.reason
    assert len(row.samples) == 2
    assert row.prefill_tps == pytest.approx(1000)


def varying(rates: list[float]) -> Callable[[str], Generation]:
    left = iter(rates)

    def generate(text: str) -> Generation:
        count = len(text.split())
        return Generation("test", "m", count, 0, "field", prefill_s=count / next(left))

    return generate


def test_the_median_stands_beside_the_spread_and_a_wide_one_is_flagged() -> None:
    row = measure_prefill(varying([1000, 500, 1000]), prompt, 1000, warm=True)
    spread = row.spread["prefill_tps"]
    assert row.prefill_tps == spread.median == pytest.approx(1000)
    assert [spread.minimum, spread.maximum, spread.n] == pytest.approx([500, 1000, 3])
    # Mean 833.3, standard deviation 288.7.
    assert spread.cv == pytest.approx(0.3464, abs=1e-3)
    assert spread.noisy
    assert row.reason is not None
    assert "noisy" in row.reason
    assert "prefill_tps 35%" in row.reason


def test_a_steady_row_is_not_flagged() -> None:
    row = measure_prefill(varying([1000, 1010, 990]), prompt, 1000, warm=True)
    assert not row.spread["prefill_tps"].noisy
    assert row.reason is None


def test_samples_beside_other_work_are_flagged_and_kept() -> None:
    looks = iter(
        [
            CpuSnapshot(0.0, 0.0, {}, 2),
            CpuSnapshot(1.0, 1.5, {1: 1.0}, 2),  # others: 0.5 of 2 core seconds
            CpuSnapshot(1.0, 1.5, {1: 1.0}, 2),
            CpuSnapshot(2.0, 2.5, {1: 2.0}, 2),  # none
        ]
    )
    row = measure_beside_others(Engine(), prompt, 1000, repeats=2, look=lambda: next(looks))
    assert [(sample.others_cpu, sample.busy) for sample in row.samples] == [(0.25, True), (0.0, False)]
    assert row.reason is not None
    assert "other processes used up to 25% of the CPU in 1 of 2 samples" in row.reason


def test_each_sample_is_handed_on_as_it_is_made() -> None:
    seen: list[PrefillSample] = []
    row = measure_prefill(Engine(), prompt, 1000, on_sample=seen.append)
    assert tuple(seen) == row.samples


def test_the_row_s_plain_form_has_the_promised_names() -> None:
    plain = to_json(measure_prefill(Engine(), prompt, 1000))
    assert isinstance(plain, dict)
    assert plain.keys() >= {
        "name",
        "prompt_tokens",
        "cached_tokens",
        "ttft_s",
        "prefill_tps",
        "decode_tps",
        "reason",
    }
