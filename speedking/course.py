"""The benchmark's prepared course: the same calls and results for every model, run through the real graph.

A head of 1,500 tokens, then per cycle a call of the model (at most 120 tokens written) and a tool's result
of 300 tokens. Where a model finishes early or writes no valid call, the prepared one goes in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Course:
    """Tools with prepared results; `text` is what heads and results are cut out of."""

    text: str
    count_tokens: CountTokens

    @property
    def specs(self) -> Sequence[ToolSpec]:
        from agents.documents import READ, SEARCH

        return SEARCH, READ

    def run(self, call: Call, evidence: Evidence) -> Observation:
        """Each call its own stretch of the text, so that no result is a repetition of another."""
        from agents import Observation
        from rag import Passage

        del call
        number = len(evidence.passages)
        text = cut(self.text, RESULT_TOKENS, self.count_tokens, skip=(number + 1) * 1_600)
        passage = Passage(number, f"part-{number + 1}.md", None, "", 0, len(text), text)
        return Observation(f"[{number + 1}] {passage.file}\n{text}", evidence.plus([passage]))

    def cycles(self, policy: Policy, count: int) -> Sequence[Step]:
        """Runs `count` cycles afresh: a new nonce at the head keeps the last run's cache from helping."""
        return forced_cycles(policy, self, count, self._head())

    def _head(self) -> str:
        from agents.prompt import SYSTEM

        nonce = f"Run {secrets.token_hex(8)}. "
        filler = cut(self.text, HEAD_TOKENS - self.count_tokens(nonce + SYSTEM), self.count_tokens)
        return f"{nonce}{SYSTEM}\n\nBackground, to be kept in mind:\n{filler}"


def forced_cycles(policy: Policy, tools: Tools, count: int, system: str) -> Sequence[Step]:
    """`count` cycles of the real graph, whatever the policy does; one further answering call is not counted."""
    from agents import Agent, Limits, forced_policy

    held = forced_policy(policy, prepared_calls(count), tools)
    agent = Agent(held, tools, Limits(max_cycles=count, max_repairs=count), _unverified, system=system)
    run = agent.run(TASK)
    if run.stop_reason == "engine_error" or (run.stop_reason == "overflow" and not run.steps):
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
