"""What further cycles of the fixed policy find over two-hop questions, beside one search with as many passages.

    python -m eval.scripts.iterative_retrieval CORPUS --work FOLDER [--cycles 1 2 5 10] [--split all|tune|prove]

CORPUS is a folder with docs/ and questions.jsonl whose questions name their evidence_docs (HotpotQA). No language
model: the fixed policy drives the agent's loop, the embedded reader answers from what was gathered. For each number of
cycles: the share of the gold documents among the passages gathered, the share of questions with all of them, token F1
of the answer and whether it holds a gold answer, passages gathered, seconds. "one search" is given as many passages as
that run gathered for that question, so it has read as much; the difference in recall is paired by question. A search
that comes again is made once, and its seconds are counted each time. "tune" are
the questions at odd places, by which the policy's queries were chosen, "prove" the others. 95 % intervals by bootstrap
over clusters of questions.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents import Agent, DocumentTools, Limits, fixed_policy
from eval import Question, load_questions
from eval.answer_metrics import contains_answer, token_f1
from eval.interval import mean
from rag import Answer, ExtractiveReader, Index, Passage

HITS = 5


@dataclass(frozen=True, slots=True)
class Result:
    """One question one way."""

    cluster: str
    recall: float
    both: float
    token_f1: float
    right: float
    passages: int
    seconds: float


def result(question: Question, passages: Sequence[Passage], answer: Answer, seconds: float) -> Result:
    gold, found = set(question.gold_docs), {passage.file for passage in passages}
    text = answer.text if answer.answerable else ""
    return Result(
        question.cluster,
        len(gold & found) / len(gold),
        float(gold <= found),
        token_f1(text, question.answers),
        contains_answer(text, question.answers),
        len(passages),
        seconds,
    )


class Searches:
    """Each search is made once; where it comes again, with more cycles, its seconds are counted again."""

    def __init__(self, library: Index) -> None:
        self._library = library
        self._made: dict[tuple[str, int], tuple[Sequence[Passage], float]] = {}
        self.saved_s = 0.0

    def __call__(self, query: str, k: int) -> Sequence[Passage]:
        if (query, k) in self._made:
            found, took_s = self._made[query, k]
            self.saved_s += took_s
            return found
        began = time.perf_counter()
        found = self._library.search(query, k)
        self._made[query, k] = found, time.perf_counter() - began
        return found


def cycled(library: Index, search: Searches, cycles: int) -> Callable[[Question], tuple[Result, Result]]:
    """The agent's run over a question, and one search with as many passages."""
    reader = ExtractiveReader(library.supporter)

    def verify(task: str, draft: str, passages: Sequence[Passage]) -> Answer:
        del draft
        return reader.answer(task, passages)

    tools = DocumentTools(lambda query: search(query, HITS), library.read, hits=HITS)
    agent = Agent(fixed_policy(searches=cycles), tools, Limits(max_cycles=cycles), verify)

    def both(question: Question) -> tuple[Result, Result]:
        began = time.perf_counter() + search.saved_s
        run = agent.run(question.question)
        ran = result(question, run.passages, run.answer, time.perf_counter() + search.saved_s - began)
        began = time.perf_counter() + search.saved_s
        found = search(question.question, max(len(run.passages), 1))
        answer = reader.answer(question.question, found)
        return ran, result(question, found, answer, time.perf_counter() + search.saved_s - began)

    return both


def told(values: Sequence[float], results: Sequence[Result], form: str) -> str:
    """Mean and interval; an interval that cannot be told is left out."""
    found = mean(values, [one.cluster for one in results])
    if found is None:
        return ""
    if found.low is None or found.high is None:
        return form.format(found.mean)
    return f"{form.format(found.mean)} ({form.format(found.low)} to {form.format(found.high)})"


def shown(name: str, results: Sequence[Result]) -> str:
    cells = [
        told([one.recall for one in results], results, "{:.3f}"),
        *(f"{statistics.mean(getattr(one, field) for one in results):.3f}" for field in ("both", "token_f1", "right")),
        f"{statistics.mean(one.passages for one in results):.1f}",
        f"{statistics.mean(one.seconds for one in results):.2f}",
    ]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--cycles", type=int, nargs="+", default=[1, 2, 5, 10])
    parser.add_argument("--split", choices=["all", "tune", "prove"], default="all")
    parser.add_argument("--limit", type=int, default=None)
    arguments = parser.parse_args()
    questions = load_questions(arguments.corpus)
    places = {"all": slice(None), "tune": slice(1, None, 2), "prove": slice(0, None, 2)}
    questions = questions[places[arguments.split]][: arguments.limit]
    print(f"{len(questions)} questions, {arguments.split}\n")
    print("| | recall | both found | token F1 | right | passages | s |\n|---|---|---|---|---|---|---|")
    with Index.open(arguments.corpus / "docs", index=arguments.work) as library:
        library.sync()
        search = Searches(library)
        for cycles in arguments.cycles:
            pairs = [cycled(library, search, cycles)(question) for question in questions]
            runs, single = [ran for ran, _ in pairs], [one for _, one in pairs]
            print(shown(f"{cycles} cycles", runs))
            print(shown("one search, as many passages", single))
            gained = told([a.recall - b.recall for a, b in pairs], runs, "{:+.3f}")
            print(f"| recall gained | {gained} | | | | | |", flush=True)


if __name__ == "__main__":
    main()
