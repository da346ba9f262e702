"""The two things handed to the loop beside its tools: what decides, and what checks the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from rag.answer import Answer
from rag.passage import Passage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from agents.state import State

Verify = Callable[[str, str, Sequence[Passage]], Answer]
"""(task, draft, passages) -> Answer. A marker [n] of the draft is the n-th passage. An empty draft means that
the policy wrote none (the fixed policy never does): answer from the passages without a language model."""


class Policy(Protocol):
    """Decides what to do next."""

    def __call__(self, state: State, /) -> AIMessage:
        """Tool calls in the message are carried out; prose is an answer. When `state.closing`, it has to
        be an answer, within `state.limit_s` seconds where that is set.

        Raises ContextOverflowError where the transcript does not fit (it is shortened, and the policy asked
        once more) and EngineError where the model fails; both end the run with their reason.
        """
        ...
