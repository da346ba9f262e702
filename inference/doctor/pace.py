"""Checks of the machine while the model writes: does it grow slower, and who else uses the cores."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import monotonic

import psutil

from inference.address import ollama_address
from inference.doctor.finding import Finding, fine, unknown
from inference.doctor.patient import Patient
from inference.hardware.nvidia import gpu_clocks_throttled
from inference.purposes import RAG
from inference.record import of

WATCHED_S = 20.0
"""How long the model writes while it is watched: a laptop's clock falls within its first trials."""
LEAST_ROUNDS, MOST_ROUNDS = 6, 200
ROUND_S, LEAST_TOKENS, MOST_TOKENS = 2.0, 8, 48
MOST_PATIENCE = 3
"""Times the watch, for the least rounds of a model that writes slowly."""
LEAST_WATCHED_S = 10.0
SLOWER = 0.85
"""Last third over first third of the rates: below it, and no later round as fast as half of the earlier ones, the
machine throttles. Measuring alone scatters by a few per cent, on a shared machine by more."""
BUSY_CORES = 0.5
LINUX = sys.platform == "linux"
ALL = 0.999
"""A share that is a whole but for rounding."""
QUESTION = "Write the numbers from one to two hundred in words."


@dataclass(frozen=True, slots=True)
class Other:
    """A process that is not the model's. `cores` is what it used, 1.0 for one core all the time."""

    name: str
    pid: int
    cores: float


@dataclass(frozen=True, slots=True)
class Watched:
    """Rates of decoding in tokens/s, in the order of the rounds, and who else was at work."""

    rates_tps: tuple[float, ...]
    others: tuple[Other, ...] | None
    """None where the server's own processes cannot be told from them."""
    threads: int | None
    """Of the model, where its process tells; None: as many as cores."""
    seconds: float = WATCHED_S


def paces(patient: Patient) -> list[Finding]:
    """Throttling and busy cores, out of one watching."""
    watched = watch(patient)
    here = patient.hardware.source == "probed"
    found = throttling(watched, gpu_clocks_throttled() or () if here else ())
    if patient.on_vllm:
        return found  # it computes on a card; its threads do not spin for each other
    if not here:
        return [*found, unknown("busy cores", "the model runs on another machine")]
    if watched.others is None:
        return [*found, unknown("busy cores", "which processes are the server's cannot be seen")]
    return [*found, *busy_cores(watched, patient)]


def watch(patient: Patient, *, seconds: float = WATCHED_S, clock: Callable[[], float] = monotonic) -> Watched:
    """Let the model write in short rounds for a while, and look at the processes beside it."""
    used, began = CpuUse(), clock()
    rates: list[float] = []
    while (len(rates) < LEAST_ROUNDS and clock() < began + MOST_PATIENCE * seconds) or (
        len(rates) < MOST_ROUNDS and clock() < began + seconds
    ):
        most = round(rates[-1] * ROUND_S) if rates else 0
        asked = patient.connection.purposed(replace(RAG, num_predict=max(LEAST_TOKENS, min(MOST_TOKENS, most))))
        record = of(asked.chat.invoke(QUESTION))
        used.sample()
        if record is None or record.decode_tps is None:
            break
        rates.append(record.decode_tps)
    ours = serving(patient)
    others = None if ours is None else used.others(ours)
    return Watched(tuple(rates), others, threads_of(patient), clock() - began)


def threads_of(patient: Patient) -> int | None:
    """Of the model's process, or of the engine in this one; None where it is not told."""
    runner = patient.runner_now()
    told = runner.threads if runner else dict(patient.connection.facts.options).get("threads")
    return int(told) if told and told.isdecimal() else None


def serving(patient: Patient) -> set[int] | None:
    """Our own process and the server's: whoever listens where the model is asked, the model's process, and all below
    them. None where the system does not tell who listens (another user's server, one in a container)."""
    url, runner = patient.connection.facts.base_url, patient.runner_now()
    ours = {os.getpid()} | ({runner.pid} if runner else set())
    if url is not None:
        listening = _listening(ollama_address(url).port)
        if not listening and runner is None:
            return None
        ours |= listening
    below: set[int] = set()
    for pid in ours:
        with contextlib.suppress(psutil.Error):
            below |= {child.pid for child in psutil.Process(pid).children(recursive=True)}
    return ours | below


def _listening(port: int) -> set[int]:
    try:
        connections = psutil.net_connections("inet")
    except (psutil.Error, OSError):
        return set()
    return {c.pid for c in connections if c.pid and c.status == psutil.CONN_LISTEN and c.laddr.port == port}


class CpuUse:
    """What each process has used of the CPU since this was made; one that ends is known by its last sample."""

    def __init__(self) -> None:
        self._began = monotonic()
        self._before = dict(_cpu_seconds())
        self._used: dict[tuple[int, str], float] = {}

    def sample(self) -> None:
        for process, seconds in _cpu_seconds():
            self._used[process] = seconds - self._before.get(process, 0.0)

    def others(self, ours: Iterable[int]) -> tuple[Other, ...]:
        """Processes but `ours`, the busiest first, from a tenth of a core on."""
        self.sample()
        elapsed, left_out = max(monotonic() - self._began, 1e-3), set(ours)
        used = [Other(name, pid, s / elapsed) for (pid, name), s in self._used.items() if pid not in left_out]
        return tuple(sorted((o for o in used if o.cores >= 0.1), key=lambda o: -o.cores))


def _cpu_seconds() -> Iterable[tuple[tuple[int, str], float]]:
    """Of every program; threads of the kernel (children of process 2 on Linux) are nobody's to end."""
    for process in psutil.process_iter():
        try:
            if LINUX and 2 in (process.pid, process.ppid()):
                continue
            times = process.cpu_times()
            yield (process.pid, process.name()), times.user + times.system
        except (psutil.Error, OSError):
            continue


def throttling(watched: Watched, reasons: Sequence[str] = ()) -> list[Finding]:
    """`reasons` are the card's own words for a lowered clock, where it has any."""
    rates = watched.rates_tps
    if not rates:
        return [unknown("throttling", "the engine does not tell how fast it writes")]
    if len(rates) < LEAST_ROUNDS:
        return [unknown("throttling", f"only {len(rates)} rounds in {watched.seconds:.0f} s: too slow to tell")]
    if watched.seconds < LEAST_WATCHED_S:
        return [unknown("throttling", f"watched for {watched.seconds:.1f} s only: the model writes too fast")]
    third = len(rates) // 3
    earlier, later = sorted(rates[:third]), sorted(rates[-third:])
    first, last = median(earlier), median(later)
    evidence = f"decode {first:,.1f} tokens/s in the first third of {len(rates)} rounds, {last:,.1f} in the last"
    if reasons:
        evidence += f"; the card says: {', '.join(reasons)}"
    if last < first * SLOWER and later[-1] < first:
        said = f"the machine slows down as it works: {last / first:.0%} of its first rate"
        mend = "power supply in, fans free, the power mode on performance; measure with pauses between runs"
        return [Finding("throttling", "fault", said, evidence, mend)]
    return [fine("throttling", "the rate holds", evidence)]


def busy_cores(watched: Watched, patient: Patient) -> list[Finding]:
    """Whether others want the cores on which the model's threads wait for each other."""
    cores, others = patient.hardware.cores, watched.others or ()
    if cores is None:
        return [unknown("busy cores", "the number of cores is not known")]
    taken = sum(other.cores for other in others)
    threads = watched.threads or cores
    busiest = ", ".join(f"{o.name} ({o.pid}) {o.cores:.1f}" for o in others[:3]) or "none"
    evidence = f"{threads} threads on {cores} cores; cores used by others: {taken:.1f} ({busiest})"
    on_card = patient.on_card
    if on_card is not None and on_card >= ALL:
        return [fine("busy cores", "the model runs on the card", evidence)]
    if taken < BUSY_CORES or threads + taken <= cores + BUSY_CORES:
        return [fine("busy cores", "the model has its cores to itself", evidence)]
    said = (
        "other programs want the cores: llama.cpp's threads spin while they wait for each other, and one that must"
        " share its core holds up all (a 0.5B model on two cores: 0.5 tokens/s with two threads, 12 with one)"
    )
    fewer = max(1, cores - round(taken + 0.4))
    mend = f"`speedking tune --num-thread {fewer}`" if patient.ollama else f"start it with {fewer} threads"
    return [Finding("busy cores", "fault", said, evidence, f"end them, or {mend}")]
