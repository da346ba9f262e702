"""A real model driving the loop over two-hop questions: what its calls are like, how its runs end, what they find.

    python -m eval.scripts.agent_tasks CORPUS --work FOLDER --out FILE.jsonl --engine ollama --model NAME
        [--tasks 30] [--cycles 2 5] [--calls native schema]

CORPUS is a folder with docs/ and questions.jsonl whose questions name their evidence_docs (HotpotQA). Its first --tasks
questions are each run through the product's agent for every number of cycles and every way of calling. Each run becomes
a line of FILE; a run of this script goes on where FILE ends; --limit ends it after so many new lines. At the end, or at
once with --show, all of FILE is counted, a row for each model, way of calling and number of cycles:

valid, repaired, prose, failed: of the turns that were asked for a call (not the last answering one), those whose calls
were right at first, those that were written as text or wrapped and could be read, those that answered in words instead
of calling finish, those that held nothing that could be used, an unknown tool or wrong arguments. both found:
runs whose evidence holds a passage of both gold documents. right: a gold answer stands in what was shown, as whole
words (SQuAD's form); cited: and that answer carries a citation. s a cycle: median over all cycles; s solved: seconds of
all runs for each right one. cached: of all prompt tokens from the second cycle on, those that the server read from its
cache; unexplained: of all cycles' seconds, those that no part of the step's record accounts for.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel

from agents.prompt import BAD_ARGUMENTS, NO_CALL, SEARCH_FIRST, UNKNOWN_TOOL
from eval import Question, load_questions
from eval.answer_metrics import contains_answer, token_f1
from eval.scripts.answer_lines import add_line, add_options, read_lines
from rag import Index
from speedking.agents import agent_over
from speedking.engine import Choice

if TYPE_CHECKING:
    from agents import AgentRun, Step
    from speedking.calling import Mode

WRONG = tuple(told.partition("{")[0] for told in (UNKNOWN_TOOL, BAD_ARGUMENTS, NO_CALL, SEARCH_FIRST))
"""How a line of an observation begins after a turn that held no right call."""
HEAD_CHARS = 300


class Turn(BaseModel):
    """What was done in one cycle, so that a file of runs can be counted anew."""

    calls: list[str]
    repaired: bool
    closing: bool
    thought: str
    told: str
    """The first HEAD_CHARS of the observation."""
    wrong: bool
    """Whether the observation says that a call was wrong or missing."""


class Line(BaseModel):
    """One run."""

    id: str
    model: str
    calls: str
    cycles: int
    stop_reason: str
    error: str | None
    turns: list[Turn]
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

    @property
    def verdicts(self) -> list[str]:
        """Of each turn that was asked for a call. Without a call and without a word to it, it is the answer where the
        run ends with it; else it was the second such turn, after which an answer was asked for."""
        asked = [turn for turn in self.turns if not turn.closing]
        return [verdict(turn, last=turn is self.turns[-1] and self.stop_reason != "format_errors") for turn in asked]


def verdict(turn: Turn, *, last: bool) -> str:
    """`last`: with it the run ended as it should. A turn that was told nothing gave the answer, or was one too many."""
    if turn.wrong or not (turn.calls or last):
        return "failed"
    if not turn.calls:
        return "prose"
    if not (turn.told or turn.repaired or last):
        return "failed"
    return "repaired" if turn.repaired else "valid"


def turn_of(step: Step) -> Turn:
    return Turn(
        calls=[json.dumps([call.name, dict(call.arguments)]) for call in step.calls],
        repaired=step.repaired,
        closing=step.closing,
        thought=step.thought,
        told=step.observation[:HEAD_CHARS],
        wrong=any(line.startswith(WRONG) for line in step.observation.splitlines()),
    )


def line_of(question: Question, model: str, calls: str, cycles: int, run: AgentRun) -> Line:
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
        turns=[turn_of(step) for step in run.steps],
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
    print("| model | calls | cycles | n | valid | repaired | prose | failed | both found | evidence | right | cited |"
          " F1 | s a cycle | s solved | cached | unexplained | stop reasons |")  # fmt: skip
    print(f"|{'---|' * 18}")
    for (model, calls, cycles), runs in sorted(groups.items()):
        print(f"| {model} | {calls} | {cycles} | {' | '.join(_row(runs))} |")


def _row(runs: Sequence[Line]) -> list[str]:
    right = sum(line.right for line in runs)
    seconds = [cycle for line in runs for cycle in line.cycle_s]
    recall = sum(len(line.found) for line in runs) / max(sum(len(line.gold) for line in runs), 1)
    reasons = Counter(line.stop_reason for line in runs)
    verdicts = Counter(verdict for line in runs for verdict in line.verdicts)
    return [
        str(len(runs)),
        *(str(verdicts[name]) for name in ("valid", "repaired", "prose", "failed")),
        str(sum(len(line.found) == len(line.gold) for line in runs)),
        f"{recall:.2f}",
        str(right),
        str(sum(line.cited for line in runs)),
        f"{statistics.mean(line.token_f1 for line in runs):.2f}",
        f"{statistics.median(seconds):.1f}" if seconds else "",
        f"{sum(line.wall_s for line in runs) / right:.0f}" if right else "",
        f"{_cached(runs):.0%}",
        f"{_unexplained(runs):.1%}",
        ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()),
    ]


def _cached(runs: Sequence[Line]) -> float:
    later = [
        (cached, prompt)
        for line in runs
        for cached, prompt in zip(line.cached_tokens[1:], line.prompt_tokens[1:], strict=True)
        if cached is not None and prompt is not None
    ]
    return sum(cached for cached, _ in later) / max(sum(prompt for _, prompt in later), 1)


def _unexplained(runs: Sequence[Line]) -> float:
    """Over the cycles of which it is known."""
    told = [
        (rest, seconds)
        for line in runs
        for rest, seconds in zip(line.unexplained_s, line.cycle_s, strict=True)
        if rest is not None
    ]
    return sum(rest for rest, _ in told) / max(sum(seconds for _, seconds in told), 1e-9)


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
