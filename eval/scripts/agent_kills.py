"""Runs of the agent killed with SIGKILL at random points and gone on with: the answer must be the one of a whole run.

    python -m eval.scripts.agent_kills CORPUS --work FOLDER [--kills 50] [--seed 1]

CORPUS is a folder with docs/. Each run has ten cycles of prepared searches over its index, each a little slow, so that
a kill may hit the policy, a tool, a checkpoint or the verification; it is kept in SQLite. A child process carries it
out; the parent kills it at a random moment after its loop has begun, again and again, and a run that got through begins
anew under another id, until there were --kills kills. Compared are the answer, its citations, the stop reason and every
call of every cycle. What is asked once more is counted too: at most the call in flight for each kill.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from agents.state import State

TASK = "Which environment variable switches flash attention?"
CYCLES = 10
SLOW_S = 0.05


class Prepared:
    """The n-th cycle searches for the n-th thing; the last finishes. Every asking leaves a line in `asked`."""

    def __init__(self, asked: Path) -> None:
        self._asked = asked

    def __call__(self, state: State) -> AIMessage:
        from langchain_core.messages import AIMessage
        from langchain_core.messages.tool import tool_call

        with self._asked.open("a") as file:
            file.write(f"{state.cycle}\n")
        time.sleep(SLOW_S)
        if state.cycle >= CYCLES:
            name, arguments = "finish", {"answer": "It is the variable OLLAMA_FLASH_ATTENTION [1]."}
        else:
            name, arguments = "search", {"query": f"flash attention environment variable {state.cycle}"}
        return AIMessage("", tool_calls=[tool_call(name=name, args=arguments, id=f"call-{state.cycle}")])


def child(corpus: Path, work: Path, run_id: str) -> None:
    """Goes on with the run where it was begun, else begins it; prints its outcome as JSON."""
    from agents import Agent, DocumentTools, Limits
    from agents.graph.saver import sqlite_saver
    from inference.errors import UsageError
    from rag import Index
    from speedking.agents import verification
    from speedking.engine import Choice

    with Index.open(corpus / "docs", index=work / "index") as library, sqlite_saver(work / "runs.sqlite") as saver:
        library.search(TASK, 1)  # the encoder is loaded before the clock of the parent begins

        def slow(query: str) -> Any:
            time.sleep(SLOW_S)
            return library.search(query, 5)

        agent = Agent(
            Prepared(work / f"{run_id}.asked"),
            DocumentTools(slow, library.read),
            Limits(max_cycles=CYCLES),
            verification(library, Choice("reader", "", "")),
            saver=saver,
        )
        print("ready", flush=True)
        try:
            run = agent.resume(run_id)
        except UsageError:
            run = agent.run(TASK, run_id=run_id)
    calls = [[[call.name, dict(call.arguments)] for call in step.calls] for step in run.steps]
    quotes = [[one.file, one.quote] for one in run.citations]
    print(
        json.dumps({"answer": run.answer.text, "quotes": quotes, "reason": run.stop_reason, "calls": calls}), flush=True
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """A child's life: its outcome, or None where it was killed before it had one."""

    outcome: dict[str, Any] | None
    took_s: float


def lived(arguments: argparse.Namespace, run_id: str, after_s: float | None) -> Ended:
    """One child; killed `after_s` seconds after its loop has begun, or left alone."""
    command = [sys.executable, "-m", "eval.scripts.agent_kills", str(arguments.corpus), "--work", str(arguments.work)]
    with subprocess.Popen([*command, "--child", run_id], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        began = time.monotonic()
        try:
            said, _ = process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            said, _ = process.communicate()
    whole = said.endswith("}\n")
    if not whole and process.returncode != -signal.SIGKILL:
        raise SystemExit(f"the child was not killed and ended with {process.returncode}")
    return Ended(json.loads(said) if whole else None, time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.corpus, arguments.work, arguments.child)
        return
    from rag import Index

    arguments.work.mkdir(parents=True, exist_ok=True)
    with Index.open(arguments.corpus / "docs", index=arguments.work / "index") as library:
        library.sync()
    chance = random.Random(arguments.seed)
    stamp = f"{time.time():.0f}"
    whole = lived(arguments, f"{stamp}-whole", None)
    kills = runs = same = spare = 0
    while kills < arguments.kills:
        run_id, before = f"{stamp}-{runs}", kills
        while (ended := lived(arguments, run_id, chance.uniform(0, whole.took_s))).outcome is None:
            kills += 1
        runs += 1
        same += ended.outcome == whole.outcome
        asked = len((arguments.work / f"{run_id}.asked").read_text().splitlines())
        spare += asked <= CYCLES + kills - before
        print(
            f"{run_id}: {kills - before} kills, asked {asked} times, same: {ended.outcome == whole.outcome}", flush=True
        )
    print(
        f"{kills} kills in {runs} runs of {CYCLES} cycles; {same} of {runs} ended as the whole run did, {spare} of"
        f" {runs} asked at most once more for each kill"
    )
    if not same == spare == runs:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
