"""The policy with no language model: search, read the best hit, search with what was found, finish."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.policy import Policy
from agents.tools.call import Call
from agents.tools.finish import FINISH
from rag.passage import Passage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from agents.state import State

_WORD = re.compile(r"[^\W\d_][\w-]{3,}")


def fixed_policy(*, words: int = 4) -> Policy:
    """Four cycles whatever the task. It writes no answer: its finish is empty, and the verification takes
    the answer from the passages. The second search adds `words` rare words of the best hit to the task."""

    def policy(state: State) -> AIMessage:
        from langchain_core.messages import AIMessage
        from langchain_core.messages.tool import tool_call

        thought, call = _next(state, words)
        given = tool_call(name=call.name, args=dict(call.arguments), id=f"call-{state.cycle}-1")
        return AIMessage(thought, tool_calls=[given])

    return policy


def _next(state: State, words: int) -> tuple[str, Call]:
    found = state.evidence.passages
    if state.cycle == 1:
        return "Search with the words of the task.", Call("search", {"query": state.task})
    if state.closing or not found or state.cycle > 3:
        return "Answer from what was found.", Call(FINISH.name, {"answer": ""})
    best = found[0]
    if state.cycle == 2:
        page = {} if best.page is None else {"page": best.page}
        return "Read the best hit in its place.", Call("read", {"file": best.file, **page})
    added = " ".join(rare_words(best, found, state.task, words))
    return "Search again with rare words of the best hit.", Call("search", {"query": f"{state.task} {added}"})


def rare_words(best: Passage, among: Sequence[Passage], task: str, count: int) -> list[str]:
    """Up to `count` words of `best` and its heading that the task lacks: first those that the fewest of the
    passages hold, then the longest, then the earliest."""
    holders = Counter(word for p in among for word in set(_words(p)))
    asked = {word.lower() for word in _WORD.findall(task)}
    own = [word for word in dict.fromkeys(_words(best)) if word not in asked]
    return sorted(own, key=lambda word: (holders[word], -len(word)))[:count]


def _words(passage: Passage) -> list[str]:
    return [word.lower() for word in _WORD.findall(f"{passage.heading} {passage.text}")]
