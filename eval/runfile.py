"""Raw records as JSON lines: the source of truth of a run, appended to and never rewritten.

The first line is the head: {"kind": "run", "schema_version", "started_at", "fingerprint"}. Every other
line is {"kind": KIND, "data": …} and is written through to the disk by `append`. Who appends each sample as
it is made (`on_sample`, `on_question`) loses at most one in a killed run, and goes on with the same file:
`evaluate(…, done=read_questions(path))`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import TypeAdapter

from eval.fingerprint import Fingerprint
from eval.plain import to_json
from eval.report import QuestionRecord
from inference.errors import MeasurementError

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class RunLine:
    """One record as it stands in the file."""

    kind: str
    data: Mapping[str, Any]


class RunFile:
    """Writes a run: `with RunFile(path, take_fingerprint()) as run: run.append("question", record)`.

    Where the file is there already, the run goes on: its head must have the same fingerprint (else
    MeasurementError), and a last line that was cut off is dropped.
    """

    def __init__(self, path: Path, fingerprint: Fingerprint) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        went_before = path.exists() and _continue(path, fingerprint)
        self._file = path.open("a", encoding="utf-8", newline="\n")
        if not went_before:
            self._write(_head(fingerprint))

    def append(self, kind: str, record: object) -> None:
        """Write a dataclass (or a mapping) of ours as the next line."""
        self._write({"kind": kind, "data": to_json(record)})

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read_run(path: Path) -> Iterator[RunLine]:
    """The records of a run file in order, the head first (kind "run"); a cut last line is passed over.

    Raises MeasurementError where a line in between cannot be read or the file has another schema.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    for number, text in enumerate(lines, 1):
        if not text:
            continue
        try:
            line = json.loads(text)
            kind = line["kind"]
            data = line if kind == "run" else line["data"]
        except (ValueError, KeyError, TypeError):
            if number == len(lines):
                return
            raise _unreadable(path, f"line {number} is no record") from None
        if kind == "run" and line.get("schema_version") != SCHEMA_VERSION:
            raise _unreadable(path, f"schema {line.get('schema_version')}, this version reads {SCHEMA_VERSION}")
        yield RunLine(kind, data)


def read_questions(path: Path) -> Mapping[str, QuestionRecord]:
    """The question records of a run file by id, for `evaluate(done=…)`; empty where there is no file.
    Those with a failed step are left out: they are worth another try. A question that stands there more than
    once counts once, with the last of these."""
    if not path.exists():
        return {}
    adapter = TypeAdapter(QuestionRecord)
    records = (adapter.validate_python(line.data) for line in read_run(path) if line.kind == "question")
    return {record.id: record for record in records if not record.failures}


def _head(fingerprint: Fingerprint) -> Mapping[str, Any]:
    return {
        "kind": "run",
        "schema_version": SCHEMA_VERSION,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": to_json(fingerprint),
    }


def _continue(path: Path, fingerprint: Fingerprint) -> bool:
    """Drop a cut last line; whether a head is there, which has to be of the same fingerprint."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
    head = next(read_run(path), None)
    if head is None:
        return False
    if head.kind != "run" or head.data.get("fingerprint") != to_json(fingerprint):
        raise MeasurementError(
            f"{path} holds a run of another machine, model, version or options",
            next_step="write to a new file with --out FILE, or delete that one",
        )
    return True


def _unreadable(path: Path, what: str) -> MeasurementError:
    return MeasurementError(f"{path}: {what}", next_step="use another file, or run again with a new --out")
