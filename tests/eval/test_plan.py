from __future__ import annotations

import pytest

from eval import CycleShape, Probe, make_plan
from eval.plan import estimate_cycles_s, estimate_prefill_s

FAST = Probe(prefill_tps=5000.0, decode_tps=100.0)
SLOW = Probe(prefill_tps=200.0, decode_tps=8.0)


def test_the_estimates_by_hand() -> None:
    # Twice as slow at 10,000 tokens as at none: 2 * 10,000 / 5,000; and 32 / 100 to write.
    assert estimate_prefill_s(FAST, 10_000) == pytest.approx(4.32)
    # 1,500 + 10 * 420 = 5,700 tokens to read: 1.57 * 5,700 / 5,000; 1,200 to write: / 100.
    assert estimate_cycles_s(FAST, 10, CycleShape()) == pytest.approx(1.7898 + 12)


def test_a_full_plan_runs_everything() -> None:
    plan = make_plan(FAST, context_tokens=12_288)
    assert [(item.name, item.repeats, item.skipped) for item in plan.items] == [
        ("prefill 10,000 tokens", 3, None),
        ("10 agent cycles", 3, None),
    ]
    assert plan.seconds == pytest.approx(3 * (4.32 + 13.7898))
    assert plan.note is None


def test_what_the_context_does_not_hold_is_skipped_with_both_numbers_and_not_counted() -> None:
    plan = make_plan(FAST, context_tokens=8192)
    prefill, cycles = plan.items
    assert prefill.skipped == "needs 10,096, context in force 8,192; `speedking tune --num-ctx 10240`"
    assert cycles.skipped is None
    assert plan.seconds == pytest.approx(3 * 13.7898)


def test_an_unknown_context_skips_nothing() -> None:
    assert all(item.skipped is None for item in make_plan(FAST, context_tokens=None).items)


def test_without_a_model_only_cycles_run_and_prefill_says_what_it_needs() -> None:
    plan = make_plan(Probe(cycle_s=0.05), context_tokens=None)
    prefill, cycles = plan.items
    assert prefill.skipped is not None
    assert "need a language model" in prefill.skipped
    assert cycles.skipped is None
    assert plan.seconds == pytest.approx(3 * 10 * 0.05)


def test_quick_changes_nothing_that_is_quick_already() -> None:
    assert make_plan(FAST, context_tokens=12_288, quick=True) == make_plan(FAST, context_tokens=12_288)


def test_quick_first_takes_fewer_repeats() -> None:
    medium = Probe(prefill_tps=1000.0, decode_tps=40.0)
    plan = make_plan(medium, context_tokens=12_288, quick=True)
    assert [(item.size, item.repeats) for item in plan.items] == [(10_000, 1), (10, 1)]
    assert plan.note == "reduced to stay under 120 s"


def test_quick_then_takes_shorter_prompts_and_fewer_cycles() -> None:
    plan = make_plan(SLOW, context_tokens=12_288, quick=True)
    prefill, cycles = plan.items
    assert prefill.size < 10_000
    assert cycles.size < 10
    assert plan.seconds is not None
    assert plan.seconds <= 120


def test_a_machine_too_slow_for_quick_gets_the_smallest_plan_and_a_warning() -> None:
    plan = make_plan(Probe(prefill_tps=5.0, decode_tps=0.5), context_tokens=12_288, quick=True)
    assert [(item.size, item.repeats) for item in plan.items] == [(1000, 1), (2, 1)]
    assert plan.note is not None
    assert "may take more than 120 s" in plan.note


def test_an_unknown_speed_has_no_estimate() -> None:
    assert make_plan(Probe(prefill_tps=100.0), context_tokens=None).seconds is None
