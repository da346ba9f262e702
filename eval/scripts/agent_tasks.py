"""A real model driving the loop over two-hop questions: what its calls are like, how its runs end, what they find.

    python -m eval.scripts.agent_tasks CORPUS --work FOLDER --out FILE.jsonl --engine ollama --model NAME
        [--tasks 30] [--cycles 2 5] [--calls native schema]

CORPUS is a folder with docs/ and questions.jsonl whose questions name their evidence_docs (HotpotQA). Its first --tasks
questions are each run through the product's agent for every number of cycles and every way of calling. Each run becomes
a line of FILE; a run of this script goes on where FILE ends; --limit ends it after so many new lines. At the end, or
with --show alone, all of FILE is counted, a row for each model, way of calling and number of cycles:

valid, repaired, failed: of the turns that were asked for a call, those whose calls were right at first, those that were
written as text or wrapped and could be read, those that held no call, an unknown tool or wrong arguments. both found:
runs whose evidence holds a passage of both gold documents. right: a gold answer stands in what was shown, as whole
words (SQuAD's form); cited: and that answer carries a citation. s a cycle: median over all cycles; s solved: seconds of
all runs for each right one.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel

from eval import Question, load_questions
from eval.answer_metrics import contains_answer, token_f1
from eval.scripts.answer_lines import add_line, add_options, read_lines
from rag import Index
from speedking.agents import agent_over
from speedking.engine import Choice

if TYPE_CHECKING:
    from agents import AgentRun, Step
    from speedking.calling import Mode

WRONG = ("There is no tool named", "The arguments of", "Your last turn held no call")
"""How an observation begins after a turn that held no right call (agents.prompt)."""


class Line(BaseModel):
    """One run."""

    id: str
    model: str
    calls: str
    cycles: int
    stop_reason: str
    error: str | None
    valid: int
    repaired: int
    failed: int
    found: list[str]
    """Gold documents of which a passage was gathered."""
    gold: list[str]
    text: str
    right: bool
    cited: bool
    token_f1: float
    wall_s: float
    cycle_s: list[float]
    prompt_tokens: list[int | None]
    cached_tokens: list[int | None]
    decode_tokens: list[int | None]
    framework_s: float
    unexplained_s: list[float | None]

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.id, self.model, self.calls, self.cycles


def verdict(step: Step) -> str:
    """ "valid", "repaired" or "failed"."""
    if not step.calls or step.observation.startswith(WRONG):
        return "failed"
    return "repaired" if step.repaired else "valid"


def line_of(question: Question, model: str, calls: str, cycles: int, run: AgentRun) -> Line:
    # The last answering call asks for no call, and prose over evidence is an answer.
    asked = [step for step in run.steps if step.cycle <= cycles and (step.calls or step.observation)]
    counts = Counter(map(verdict, asked))
    gold = sorted(question.gold_docs)
    found = {passage.file for passage in run.passages}
    right = bool(run.answer.answerable and contains_answer(run.answer.text, question.answers))
    return Line(
        id=question.id,
        model=model,
        calls=calls,
        cycles=cycles,
        stop_reason=run.stop_reason,
        error=run.error,
        valid=counts["valid"],
        repaired=counts["repaired"],
        failed=counts["failed"],
        found=[doc for doc in gold if doc in found],
        gold=gold,
        text=run.answer.text,
        right=right,
        cited=right and bool(run.citations),
        token_f1=token_f1(run.answer.text, question.answers) if run.answer.answerable else 0.0,
        wall_s=run.wall_s,
        cycle_s=[step.wall_s for step in run.steps],
        prompt_tokens=[step.prompt_tokens for step in run.steps],
        cached_tokens=[step.cached_tokens for step in run.steps],
        decode_tokens=[step.decode_tokens for step in run.steps],
        framework_s=sum(step.framework_s for step in run.steps),
        unexplained_s=[step.unexplained_s for step in run.steps],
    )


def run(arguments: argparse.Namespace) -> None:
    from agents import Limits
    from inference import connect

    connection = connect(arguments.engine, arguments.model, base_url=arguments.base_url, purpose="agent")
    choice = Choice(arguments.engine, connection.model, connection.why, connection)
    model = Path(connection.model).name
    done = {line.key for line in read_lines(arguments.out, Line)}
    new = 0
    with Index.open(arguments.corpus / "docs", index=arguments.work) as library:
        library.sync()
        for question in load_questions(arguments.corpus)[: arguments.tasks]:
            for calls in arguments.calls:
                for cycles in arguments.cycles:
                    if (question.id, model, calls, cycles) in done:
                        continue
                    if new == arguments.limit:
                        return
                    agent = agent_over(library, choice, Limits(max_cycles=cycles), mode=cast("Mode", calls))
                    line = line_of(question, model, calls, cycles, agent.run(question.question))
                    add_line(arguments.out, line)
                    new += 1
                    print(
                        f"{new:>4} {calls} {cycles} {line.stop_reason} {line.wall_s:.0f} s: {line.text[:70]!r}",
                        flush=True,
                    )


def show(lines: Sequence[Line]) -> None:
    groups: dict[tuple[str, str, int], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.model, line.calls, line.cycles].append(line)
    print("| model | calls | cycles | n | valid | repaired | failed | both found | evidence | right | cited | F1 |"
          " s a cycle | s solved | stop reasons |")  # fmt: skip
    print(f"|{'---|' * 15}")
    for (model, calls, cycles), runs in sorted(groups.items()):
        print(f"| {model} | {calls} | {cycles} | {' | '.join(_row(runs))} |")


def _row(runs: Sequence[Line]) -> list[str]:
    right = sum(line.right for line in runs)
    seconds = [cycle for line in runs for cycle in line.cycle_s]
    recall = sum(len(line.found) for line in runs) / max(sum(len(line.gold) for line in runs), 1)
    reasons = Counter(line.stop_reason for line in runs)
    return [
        str(len(runs)),
        *(str(sum(getattr(line, name) for line in runs)) for name in ("valid", "repaired", "failed")),
        str(sum(len(line.found) == len(line.gold) for line in runs)),
        f"{recall:.2f}",
        str(right),
        str(sum(line.cited for line in runs)),
        f"{statistics.mean(line.token_f1 for line in runs):.2f}",
        f"{statistics.median(seconds):.1f}" if seconds else "",
        f"{sum(line.wall_s for line in runs) / right:.0f}" if right else "",
        ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--tasks", type=int, default=30)
    parser.add_argument("--cycles", type=int, nargs="+", default=[2, 5])
    parser.add_argument("--calls", nargs="+", choices=["native", "schema"], default=["native", "schema"])
    add_options(parser, ["ollama", "gguf", "openai"])
    arguments = parser.parse_args()
    if not arguments.show:
        run(arguments)
    show(read_lines(arguments.out, Line))


if __name__ == "__main__":
    main()
