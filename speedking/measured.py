"""What `speedking bench` has measured of a model on this machine: the last run file that knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.errors import MeasurementError
from speedking.runs import run_path

MEASURED = ("measured", "bounded")


@dataclass(frozen=True, slots=True)
class Measured:
    """The rates of one run, tokens/s; None where it has no such row. `names` are what the model is known by there:
    its name and its digest."""

    names: frozenset[str]
    decode_tps: float | None
    prefill_tps: float | None
    run_file: Path


def measured_runs() -> tuple[Measured, ...]:
    """Of every bench run in the data folder whose model ran on this machine, the last first. A file that cannot be
    read is passed over."""
    folder = run_path("bench", None).parent
    try:
        files = sorted(folder.glob("bench-*.jsonl"), reverse=True)
    except OSError:
        return ()
    return tuple(found for file in files for found in _of(file))


def last_of(runs: tuple[Measured, ...], *names: str) -> Measured | None:
    """The last run of a model that has one of these names."""
    wanted = {name.removesuffix(":latest") for name in names if name}
    return next((run for run in runs if run.names & wanted), None)


def _of(file: Path) -> Iterator[Measured]:
    from eval.runfile import read_run

    with suppress(MeasurementError, OSError):
        lines = list(read_run(file))
        model: Mapping[str, Any] = lines[0].data["fingerprint"]["model"] if lines and lines[0].kind == "run" else {}
        rows = [line.data for line in lines if line.kind == "row" and line.data.get("status") in MEASURED]
        names = {str(model[key]).removesuffix(":latest") for key in ("name", "digest") if model.get(key)}
        if names and rows and model.get("runs_here") is not False:
            yield Measured(frozenset(names), _decode(rows), _prefill(rows), file)


def _decode(rows: list[Mapping[str, Any]]) -> float | None:
    """Of the cycles, which is what an agent's work is like; else of what follows a prefill."""
    for kind in ("cycles", "cycle", "prefill"):
        for row in rows:
            if row.get("kind") == kind and row.get("decode_tps") is not None:
                return float(row["decode_tps"])
    return None


def _prefill(rows: list[Mapping[str, Any]]) -> float | None:
    """Of the longest prompt."""
    timed = [row for row in rows if row.get("kind") == "prefill" and row.get("prefill_tps") is not None]
    longest = max(timed, key=lambda row: row.get("prompt_tokens") or 0, default=None)
    return None if longest is None else float(longest["prefill_tps"])
