"""Who else uses the processor while we measure: a busy machine makes slow figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

BUSY_SHARE = 0.10
"""Of all cores together; above it a sample is flagged."""

SERVERS = ("ollama", "llama-server", "llama_server")
"""Processes with these words in their name do the work that is measured, and are not "others"."""

_SHORTEST_S = 0.2

Snapshot = Callable[[], "CpuSnapshot | None"]


@dataclass(frozen=True, slots=True)
class CpuSnapshot:
    """Seconds: the clock, all cores' busy time since boot, and what of it is ours or the server's, by
    process (a server's child that ends must not take its whole past out of the sum)."""

    at_s: float
    busy_s: float
    ours_s: Mapping[int, float]
    cores: int


def snapshot() -> CpuSnapshot | None:
    """Now, or None where the system does not tell."""
    import psutil

    try:
        now = time.perf_counter()
        times = psutil.cpu_times()
        cores = psutil.cpu_count() or 1
        ours = _ours()
    except (psutil.Error, OSError, RuntimeError):
        return None
    # On Linux guest time is counted in user time already, and waiting for a disk is not work.
    idle = times.idle + getattr(times, "iowait", 0.0)
    counted_twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return CpuSnapshot(now, sum(times) - idle - counted_twice, ours, cores)


def _ours() -> dict[int, float]:
    import psutil

    me = psutil.Process()
    family = {me.pid, *(child.pid for child in me.children(recursive=True))}
    found = {}
    for process in psutil.process_iter(["name", "cpu_times"]):
        name, times = (process.info["name"] or "").lower(), process.info["cpu_times"]
        if times is not None and (process.pid in family or any(word in name for word in SERVERS)):
            found[process.pid] = times.user + times.system
    return found


def others_share(before: CpuSnapshot | None, after: CpuSnapshot | None) -> float | None:
    """The share of all cores, 0 to 1, that other processes used between two snapshots; None if unknown, and
    over less than 0.2 s, where the system's clock ticks are too coarse to tell."""
    if before is None or after is None or after.at_s - before.at_s < _SHORTEST_S:
        return None
    ours = sum(seconds - before.ours_s.get(pid, 0.0) for pid, seconds in after.ours_s.items())
    others = (after.busy_s - before.busy_s) - ours
    return min(1.0, max(0.0, others / ((after.at_s - before.at_s) * after.cores)))


def is_busy(share: float | None) -> bool:
    """Whether a sample with this share of other work is flagged."""
    return share is not None and share > BUSY_SHARE
