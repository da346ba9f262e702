"""The benchmark's prepared course: the same calls and results for every model, run through the real graph.

A head of 1,500 tokens (system message, tools and filling), then per cycle a call of the model (at most 120 tokens
written) and a tool's result of 300 tokens. Where a model finishes early or writes no valid call, the prepared one
goes in.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inference.errors import GenerationError

if TYPE_CHECKING:
    from agents import Call, Evidence, Observation, Step, Tools, ToolSpec
    from agents.policy import Policy
    from rag import Answer, Passage

HEAD_TOKENS = 1_500
RESULT_TOKENS = 300
DECODE_TOKENS = 120
TASK = "Find out how the documents say a local model should be set up, search by search, and report at the end."

CountTokens = Callable[[str], int]
PolicyOver = Callable[["PreparedTools"], "Policy"]


@dataclass(frozen=True, slots=True)
class PreparedTools:
    """Tools whose n-th result is `results[n]`, cut before the run so that only the loop is timed.

    The nonce stands in the first tool's description: some templates write the tools before the system message.
    """

    results: Sequence[str]
    nonce: str

    @property
    def specs(self) -> Sequence[ToolSpec]:
        from agents.tools.documents import READ, SEARCH

        return replace(SEARCH, description=f"(Run {self.nonce}) {SEARCH.description}"), READ

    def run(self, call: Call, evidence: Evidence) -> Observation:
        from agents import Observation
        from rag import Passage

        del call
        number = len(evidence.passages)
        text = self.results[number % len(self.results)]
        passage = Passage(number, f"part-{number + 1}.md", None, "", 0, len(text), text)
        return Observation(f"[{number + 1}] {passage.file}\n{text}", evidence.plus([passage]))


class Course:
    """Cut once from `text`, so that an estimate of tokens that learns between runs changes no workload."""

    def __init__(self, text: str, count_tokens: CountTokens, cycles: int) -> None:
        from agents.prompt import SYSTEM
        from agents.tools.toolset import offered

        tools = json.dumps([spec.schema for spec in offered(PreparedTools((), secrets.token_hex(8)))])
        filler = cut(text, HEAD_TOKENS - count_tokens(SYSTEM) - count_tokens(tools), count_tokens)
        self._head = f"{SYSTEM}\n\nBackground, to be kept in mind:\n{filler}"
        # Each result is its own stretch of the text, so that none repeats another.
        self._results = [cut(text, RESULT_TOKENS, count_tokens, skip=n * 1_600) for n in range(1, cycles + 2)]

    def cycles(self, policy_over: PolicyOver, count: int) -> Sequence[Step]:
        """Runs `count` cycles afresh: a new nonce at the head keeps the last run's cache from helping."""
        nonce = secrets.token_hex(8)
        tools = PreparedTools(self._results, nonce)
        return forced_cycles(policy_over(tools), tools, count, f"Run {nonce}. {self._head}")


def forced_cycles(policy: Policy, tools: Tools, count: int, system: str) -> Sequence[Step]:
    """`count` cycles of the real graph, whatever the policy does; one further answering call is not counted.

    Raises GenerationError where the engine failed, so that its row says so.
    """
    from agents import Agent, Limits, forced_policy

    held = forced_policy(policy, prepared_calls(count), tools)
    limits = Limits(max_cycles=count, max_repairs=count, trim=False)
    agent = Agent(held, tools, limits, _unverified, system=system)
    run = agent.run(TASK)
    if run.stop_reason == "cancelled":
        raise KeyboardInterrupt
    if run.error is not None:
        raise GenerationError(
            f"the run broke off: {run.error}", next_step="see that the server runs, and measure again"
        )
    return run.steps[:count]


def prepared_calls(count: int) -> list[Call]:
    """`count` - 1 different searches, then the end."""
    from agents import Call

    searches = [Call("search", {"query": f"setting up a local model, part {n}"}) for n in range(1, count)]
    return [*searches, Call("finish", {"answer": "The parts that were found say how [1]."})]


def cut(text: str, tokens: int, count_tokens: CountTokens, skip: int = 0) -> str:
    """About `tokens` tokens of the text from character `skip` on, going round at its end."""
    start = skip % max(len(text), 1)
    turned = text[start:] + text[:start]
    low, high = 0, min(len(turned), 12 * tokens)
    while high - low > 8:
        middle = (low + high) // 2
        low, high = (middle, high) if count_tokens(turned[:middle]) <= tokens else (low, middle)
    return turned[:low]


def _unverified(task: str, draft: str, passages: Sequence[Passage]) -> Answer:
    """What is timed is the loop; there is no document behind the prepared results."""
    from rag import Answer

    del task, passages
    return Answer(draft)
