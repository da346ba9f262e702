"""speedking bench: agent cycles and long prefills on the model in use, and what the guide claims beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from eval import Row
from eval.prompt import PromptMaker, folder_text, generated_text
from inference.errors import GenerationError
from speedking.agents import policy_of
from speedking.console import Terminal
from speedking.course import DECODE_TOKENS, HEAD_TOKENS, RESULT_TOKENS, Course, forced_cycles
from speedking.engine import Choice, choose, engine_line
from speedking.library import Opening, opened, synced
from speedking.runs import Options, fingerprint, handbook, run_path
from speedking.settings import Settings, load_settings

if TYPE_CHECKING:
    from agents.policy import Policy
    from agents.tools.toolset import Tools
    from eval import Claim, Plan, Probe, RunFile
    from eval.cycles import RunCycles
    from eval.plan import PlanItem
    from inference import Connection, Runner
    from inference.record import Generation

PREFILL_DECODE_TOKENS = 32
"""Written after a timed prefill: enough for a decode rate."""


def run(
    *,
    settings: Settings,
    cycles: int,
    prefill: Sequence[int],
    repeats: int,
    quick: bool,
    think: bool,
    out: Path | None,
    terminal: Terminal,
) -> int:
    from eval import RunFile, check_claims, to_json

    choice = choose(settings, output_tokens=DECODE_TOKENS, think=think)
    terminal.note(engine_line(choice))
    path = run_path("bench", out)
    lengths = " ".join(map(str, prefill))
    options: Options = {"cycles": cycles, "prefill": lengths, "repeats": repeats, "quick": quick, "think": think}
    with RunFile(path, fingerprint(choice, options)) as run_file:
        rows = []
        for row in _rows(choice, Asked(cycles, prefill, repeats, quick), run_file, terminal):
            run_file.append("row", row)
            rows.append(row)
            show_row(row, terminal)
        if (runner := _runner(choice)) is not None:
            run_file.append("runner", runner)
        claims = check_claims(rows)
        for claim in claims:
            run_file.append("claim", claim)
    if terminal.json_mode:
        terminal.json(
            {
                "rows": [_row_json(row) for row in rows],
                "claims": to_json(claims),
                "engine": choice.engine,
                "model": choice.model or None,
                "run_file": str(path),
            }
        )
    else:
        _show_claims(claims, terminal)
        terminal.show(f"raw samples: {path}")
    return 1 if rows and all(row.status == "failed" for row in rows) else 0


def _rows(choice: Choice, asked: Asked, run_file: RunFile, terminal: Terminal) -> Iterator[Row]:
    """The rows as they are measured. Each engine is warm before its estimate is made."""
    from eval import Probe, warm_up

    if choice.connection is None:
        with fixed_cycles(asked.cycles, terminal) as run_cycles:
            run_cycles(2)  # loads the encoder
            began = time.perf_counter()
            timed = len(run_cycles(2))
            probe = Probe(cycle_s=(time.perf_counter() - began) / timed)
            yield from _measured(asked.plan(probe, None), None, run_cycles, run_file, terminal)
        return
    bench = _Bench(choice.connection, bench_text())
    with terminal.waiting("warming up"):
        warm = warm_up(bench.generate, bench.make_prompt)
    if warm.load is not None:
        yield warm.load
    plan = asked.plan(warm.probe, choice.connection.context_tokens)
    bench.make_prompt = PromptMaker(bench_text(), choice.connection.count_tokens)
    yield from _measured(plan, bench, bench.cycles(asked.cycles), run_file, terminal)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person wants measured."""

    cycles: int
    prefill: Sequence[int]
    repeats: int
    quick: bool

    def plan(self, probe: Probe, context_tokens: int | None) -> Plan:
        from eval import CycleShape, make_plan

        return make_plan(
            probe,
            context_tokens=context_tokens,
            prefill_tokens=self.prefill,
            cycles=self.cycles,
            repeats=self.repeats,
            quick=self.quick,
            shape=CycleShape(HEAD_TOKENS, RESULT_TOKENS, DECODE_TOKENS),
        )


def _measured(
    plan: Plan, bench: _Bench | None, run_cycles: RunCycles, run_file: RunFile, terminal: Terminal
) -> Iterator[Row]:
    """Each sample is written down as it is made: a killed run loses at most one."""
    from eval import measure_cycles, measure_prefill, to_json

    _show_plan(plan, terminal)
    with _Progress(plan, terminal) as progress:
        for item in plan.items:
            advance = progress.teller(item)

            def told(sample: object, name: str = item.name, advance: Callable[[], None] = advance) -> None:
                run_file.append("sample", {"row": name, "sample": to_json(sample)})
                advance()

            if item.skipped or (item.kind == "prefill" and bench is None):
                yield Row(name=item.name, kind=item.kind, status="skipped", reason=item.skipped)
            elif item.kind == "prefill" and bench is not None:
                yield measure_prefill(
                    bench.generate, bench.make_prompt, item.size, item.repeats, warm=True, on_sample=told
                )
            else:
                yield from measure_cycles(run_cycles, item.size, item.repeats, on_sample=told)


class _Progress:
    """A bar that moves with every sample by the time that was planned for it."""

    def __init__(self, plan: Plan, terminal: Terminal) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=terminal.err,
            transient=True,
            disable=terminal.json_mode or not terminal.err.is_terminal,
        )
        self._task = self._bar.add_task("", total=plan.seconds or 1.0)

    def teller(self, item: PlanItem) -> Callable[[], None]:
        """To be called after each sample of an item."""
        self._bar.update(self._task, description=item.name)
        return lambda: self._bar.advance(self._task, (item.seconds or 0.0) / max(item.repeats, 1))

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


class _Bench:
    """The callables that are measured on a language model. One connection serves both, so that both count tokens
    alike and nothing is loaded twice; only the length of what is written differs."""

    def __init__(self, connection: Connection, text: str) -> None:
        self._connection = connection
        self._short = connection.writing(PREFILL_DECODE_TOKENS)
        self._text = text
        self.make_prompt = PromptMaker(text, connection.count_tokens)

    def generate(self, prompt: str) -> Generation:
        """The first paragraph, which holds the nonce, goes as a system message: it takes the place of one that the
        server's Modelfile may have, which would be cached."""
        from langchain_core.messages import HumanMessage, SystemMessage

        from inference import record

        head, _, body = prompt.partition("\n\n")
        generation = record.of(self._short.chat.invoke([SystemMessage(head), HumanMessage(body)]))
        if generation is None:
            raise GenerationError("the engine wrote no record of its times", next_step="update speedking")
        return generation

    def cycles(self, most: int) -> RunCycles:
        """The course is cut once, after the warm-up has taught the count of tokens."""
        course = Course(self._text, self._connection.count_tokens, most)
        return lambda count: course.cycles(self._policy, count)

    def _policy(self, tools: Tools) -> Policy:
        return policy_of(self._connection, tools, DECODE_TOKENS, "native" if self._connection.tools else "text")


def bench_text() -> str:
    """The handbook in a clone, else a generated text."""
    corpus = handbook()
    return generated_text() if corpus is None else folder_text(corpus / "docs")


@contextmanager
def fixed_cycles(cycles: int, terminal: Terminal) -> Iterator[RunCycles]:
    """Cycles of the policy that needs no language model: over the handbook's index in a clone, so that search is
    timed as it is, else over prepared results."""
    from agents import DocumentTools, fixed_policy
    from agents.prompt import SYSTEM

    corpus = handbook()
    if corpus is None:
        course = Course(bench_text(), lambda text: len(text) // 4, cycles)
        yield lambda count: course.cycles(lambda _tools: fixed_policy(), count)
        return
    opening = Opening(corpus / "docs", None, load_settings({}), yes=True)
    with opened(opening) as library:
        synced(library, opening, terminal)
        tools = DocumentTools(search=library.search, read=library.read)
        yield lambda count: forced_cycles(fixed_policy(), tools, count, SYSTEM)


def _runner(choice: Choice) -> Runner | None:
    """The server's own process and its command line: what is in force, whatever the API says."""
    from inference import runner_of

    return None if choice.connection is None else runner_of(choice.connection)


def _row_json(row: Row) -> dict[str, Any]:
    """Without the raw samples: they stand in the run file."""
    from eval import to_json

    document = cast(dict[str, Any], to_json(row))
    document.pop("samples")
    return document


def _show_plan(plan: Plan, terminal: Terminal) -> None:
    parts = ", ".join(f"{item.name} x {item.repeats}" for item in plan.items if not item.skipped)
    about = "unknown" if plan.seconds is None else f"about {plan.seconds:.0f} s"
    terminal.note(f"measuring {parts or 'nothing'}: {about}" + (f" ({plan.note})" if plan.note else ""))


def show_row(row: Row, terminal: Terminal) -> None:
    """One row, only the figures that are known, each with its unit."""
    from rich.text import Text

    def known(value: float | None, form: str) -> str | None:
        return None if value is None else form.format(value)

    figures = [
        known(row.wall_s, "{:.3g} s") if row.kind in ("cycle", "cycles", "load") else None,
        known(row.ttft_s, "first token after {:.3g} s"),
        known(row.prefill_tps, "prefill {:,.0f} tokens/s"),
        known(row.decode_tps, "decode {:,.1f} tokens/s"),
        known(row.prompt_tokens, "{:,} tokens read") if row.kind == "prefill" else None,
        known(row.model_s, "model {:.3g} s") if row.kind in ("cycle", "cycles") else None,
        known(row.framework_s, "framework {:.2g} s") if row.kind in ("cycle", "cycles") else None,
        f"{row.forced} cycles forced" if row.forced else None,
    ]
    terminal.show(Text(f"{row.name}: {', '.join(filter(None, figures)) or row.status}"))
    if row.reason:
        terminal.show(Text(f"    {row.reason}", style="dim" if terminal.out.is_terminal else ""))


def _show_claims(claims: Sequence[Claim], terminal: Terminal) -> None:
    terminal.show("\nThe tuning guide's claims, on this machine:")
    for claim in claims:
        measured = "" if claim.measured is None else f" ({claim.measured:,.3g} {claim.unit})"
        # What a measured row leaves open was said with the row.
        reason = f": {claim.reason}" if claim.reason and claim.measured is None else ""
        terminal.show(f"  {claim.verdict:<14} {claim.claim}{measured}{reason}")
