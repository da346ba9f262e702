"""speedking eval: a corpus's questions through search and ask, scored."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from speedking.console import Terminal
from speedking.engine import Choice, choose, engine_line, reader_for
from speedking.library import Opening, opened, synced
from speedking.runs import Options, fingerprint, retrieval, run_path
from speedking.settings import Settings

if TYPE_CHECKING:
    from eval import Estimate, Question, QuestionRecord, Report
    from rag import Citation

NO_ENGINE = Choice("none", "", "no answers are asked for")
RETRIEVED = 40
"""Passages that retrieval is scored on: page hits look at no more."""


def run(
    corpus: Path,
    *,
    settings: Settings,
    index: Path | None,
    limit: int | None,
    slice_by: str | None,
    retrieval_only: bool,
    out: Path | None,
    terminal: Terminal,
) -> int:
    from eval import RunFile, evaluate, load_questions, read_questions, slices

    questions = _some(load_questions(corpus), limit)
    opening = Opening(corpus / "docs", index, settings, yes=True)
    with opened(opening, terminal.note) as library:
        choice = NO_ENGINE if retrieval_only else choose(settings)
        terminal.note(engine_line(choice))
        synced(library, opening, terminal)
        library.reader = reader_for(choice, library)
        path = run_path("eval", out)
        options: Options = {"corpus": corpus.resolve().name, "passages": library.passages, "limit": limit}
        options |= {"retrieval_only": retrieval_only, **retrieval(library)}
        with RunFile(path, fingerprint(choice, options)) as run_file, _Progress(len(questions), terminal) as progress:
            done = read_questions(path)
            progress.advance(len(done))

            def note(record: QuestionRecord) -> None:
                run_file.append("question", record)
                progress.advance()

            report = evaluate(
                None if retrieval_only else library.ask,
                questions,
                retrieve=lambda query: library.search(query, RETRIEVED),
                quote_found=lambda citation: library.quote_found(cast("Citation", citation)),
                on_question=note,
                done=done,
            )
        parts = slices(report.records, slice_by) if slice_by else {}
        if terminal.json_mode:
            terminal.json(_document(report, parts, choice, path))
        else:
            show_report(report, f"{corpus.name}: {len(questions)} questions", terminal)
            for value, part in parts.items():
                show_report(part, f"{slice_by} = {value}: {part.n} questions", terminal)
            terminal.show(f"every question: {path}")
    return 1 if report.failed == report.n else 0


def _some(questions: tuple[Question, ...], limit: int | None) -> tuple[Question, ...]:
    """All, or `limit` of them spread evenly: question sets are often sorted by kind."""
    if limit is None or limit >= len(questions):
        return questions
    return tuple(questions[number * len(questions) // limit] for number in range(limit))


def _document(report: Report, parts: Mapping[str, Report], choice: Choice, path: Path) -> dict[str, Any]:
    return {
        **_report_json(report),
        "slices": {str(value): _report_json(part) for value, part in parts.items()},
        "engine": choice.engine,
        "model": choice.model or None,
        "run_file": str(path),
    }


def _report_json(report: Report) -> dict[str, Any]:
    from eval import to_json

    return {"scores": to_json(report.scores), "n": report.n, "failed": report.failed}


def show_report(report: Report, title: str, terminal: Terminal) -> None:
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None if not terminal.out.is_terminal else _box())
    for column in ("score", "mean", "95 % interval", "n"):
        table.add_column(column, justify="left" if column == "score" else "right")
    for name, estimate in report.scores.items():
        table.add_row(name, f"{estimate.mean:.3f}", _interval(estimate), str(estimate.n))
    terminal.show(table)
    if report.failed:
        failures = [failure for record in report.records for failure in record.failures]
        terminal.show(
            f"{report.failed} of {report.n} questions failed (what failed is in no mean), first: {failures[0].message}"
        )
    terminal.show()


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return "-"
    return f"{estimate.low:.3f} to {estimate.high:.3f}"


def _box() -> Any:
    from rich import box

    return box.SIMPLE


class _Progress:
    """A bar with the time left on a terminal; elsewhere a line now and then."""

    def __init__(self, total: int, terminal: Terminal) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._terminal = terminal
        self._total = total
        self._done = 0
        self._told = time.monotonic()
        self._bar = Progress(
            TextColumn("asking"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=terminal.err,
            transient=True,
            disable=not terminal.err.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self, questions: int = 1) -> None:
        self._done += questions
        self._bar.advance(self._task, questions)
        if not self._terminal.err.is_terminal and time.monotonic() - self._told > 30:
            self._told = time.monotonic()
            self._terminal.note(f"{self._done} of {self._total} questions")
