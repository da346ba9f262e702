from __future__ import annotations

import pytest

from eval.busy import CpuSnapshot, is_busy, others_share, snapshot


def test_what_is_not_ours_is_the_others_share_of_all_cores() -> None:
    before = CpuSnapshot(10.0, 100.0, {1: 50.0}, 4)
    after = CpuSnapshot(12.0, 105.0, {1: 53.0}, 4)
    # 5 s of work, 3 of them ours; 2 of 8 core seconds.
    assert others_share(before, after) == pytest.approx(0.25)


def test_a_server_s_process_that_ends_takes_nothing_out() -> None:
    before = CpuSnapshot(0.0, 100.0, {1: 5.0, 2: 90.0}, 1)
    after = CpuSnapshot(1.0, 100.5, {1: 5.0, 3: 0.5}, 1)
    assert others_share(before, after) == pytest.approx(0.0)


def test_the_share_stays_between_none_and_all() -> None:
    assert others_share(CpuSnapshot(0.0, 0.0, {}, 1), CpuSnapshot(1.0, 9.0, {}, 1)) == 1.0
    assert others_share(CpuSnapshot(0.0, 0.0, {}, 1), CpuSnapshot(1.0, 0.5, {1: 0.9}, 1)) == 0.0


def test_what_cannot_be_known_is_none_and_flags_nothing() -> None:
    known = CpuSnapshot(0.0, 0.0, {}, 1)
    assert others_share(None, known) is None
    assert others_share(known, CpuSnapshot(0.1, 0.1, {}, 1)) is None
    assert not is_busy(None)


def test_only_more_than_a_tenth_is_busy() -> None:
    assert not is_busy(0.10)
    assert is_busy(0.11)


def test_this_process_is_among_ours() -> None:
    now = snapshot()
    if now is None:
        pytest.skip("this system does not tell the time of processes")
    assert now.ours_s
    assert now.busy_s > 0
