from __future__ import annotations

from dataclasses import replace

import pytest

from eval import CycleTiming, Row, check_claims
from eval.cycle import CycleSample
from inference.record import Generation

PREFILL = Row("prefill 10,000 tokens", "prefill", "measured", 10_020, 20, 0.6, 20_000.0, 180.0)
CYCLES = Row("10 agent cycles", "cycles", "measured", wall_s=8.0, cycles=10, decode_tokens=400)


def verdicts(*rows: Row) -> list[str]:
    return [claim.verdict for claim in check_claims(rows)]


def test_a_fast_machine_holds_what_was_measured() -> None:
    assert verdicts(PREFILL, CYCLES) == ["holds", "holds", "holds", "not measured"]
    cycles, prefill, decode, _ = check_claims([PREFILL, CYCLES])
    assert (cycles.measured, cycles.limit) == (8.0, 10.0)
    assert prefill.measured == pytest.approx(0.5)
    assert decode.measured == 180.0


def test_a_slow_machine_does_not() -> None:
    rows = [replace(PREFILL, prefill_tps=2000.0, decode_tps=30.0), replace(CYCLES, wall_s=60.0)]
    assert verdicts(*rows) == ["does not hold", "does not hold", "does not hold", "not measured"]


def test_nothing_measured_says_nothing() -> None:
    assert verdicts() == ["not measured"] * 4


def test_a_refused_figure_is_not_measured_with_its_reason() -> None:
    refused = replace(PREFILL, status="refused", prefill_tps=None, reason="invalid: cached (10,019 of 10,020)")
    _, prefill, _, _ = check_claims([refused])
    assert (prefill.verdict, prefill.measured) == ("not measured", None)
    assert prefill.reason == refused.reason


def test_a_shorter_prompt_proves_nothing_about_ten_thousand_tokens() -> None:
    short = replace(PREFILL, name="prefill 1,000 tokens", prompt_tokens=1000)
    _, prefill, _, _ = check_claims([short])
    assert prefill.verdict == "not measured"
    assert prefill.reason == "only prefill 1,000 tokens was measured"


def test_cycles_without_a_model_are_not_the_guide_s_cycles() -> None:
    cycles, *_ = check_claims([replace(CYCLES, decode_tokens=None)])
    assert cycles.verdict == "not measured"
    assert cycles.reason == "no language model took part"


def test_an_engine_that_does_not_count_what_it_wrote_is_a_model_all_the_same() -> None:
    untold = replace(CYCLES, decode_tokens=None)
    wrote = CycleTiming(1, generation=Generation("openai", "m"))
    for row in (replace(untold, prompt_tokens=900), replace(untold, samples=(CycleSample((wrote,)),))):
        cycles, *_ = check_claims([row])
        assert (cycles.verdict, cycles.measured) == ("holds", 8.0)


def test_fewer_cycles_are_not_scaled_up() -> None:
    assert verdicts(replace(CYCLES, cycles=2, wall_s=1.0))[0] == "not measured"


def test_flash_attention_needs_both_rows() -> None:
    on, off = replace(PREFILL, prefill_tps=2300.0), replace(PREFILL, prefill_tps=1000.0)
    flash = check_claims([], (on, off))[3]
    assert flash.verdict == "does not hold"
    assert flash.measured == pytest.approx(2.3)
    assert check_claims([], (on, replace(off, prefill_tps=None)))[3].verdict == "not measured"
