"""The agent over a folder: policy, tools, verification, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from speedking.engine import OUTPUT_TOKENS, Choice

if TYPE_CHECKING:
    from agents import Agent, Limits, Tools
    from agents.policy import Policy
    from inference import Connection
    from rag import Answer, Index, Passage

HITS = 5
"""Passages that a search shows to the model."""


def agent_over(library: Index, choice: Choice, limits: Limits) -> Agent:
    """Searches and reads in `library`, thinks with the chosen engine, and has every claim verified by code."""
    from agents import Agent, DocumentTools, fixed_policy
    from rag import ExtractiveReader
    from rag.differing import with_differing
    from rag.judge import Judge

    tools = DocumentTools(search=lambda query: library.search(query, HITS), read=library.read, hits=HITS)
    reader, judge = ExtractiveReader(library.supporter), Judge(library.supporter)

    def verify(task: str, draft: str, passages: Sequence[Passage]) -> Answer:
        """Signed by who wrote it: where a model left no draft, the reader's sentences are not the model's."""
        if draft:
            answer = replace(judge.verdict(task, draft, passages), engine=choice.engine, model=choice.model)
        else:
            answer = reader.answer(task, passages)
        return with_differing(answer, passages)

    policy = fixed_policy() if choice.connection is None else policy_of(choice.connection, tools, OUTPUT_TOKENS)
    return Agent(policy, tools, limits, verify)


def policy_of(connection: Connection, tools: Tools, output_tokens: int) -> Policy:
    from agents import model_policy

    return model_policy(
        connection.chat,
        tools,
        count_tokens=connection.count_tokens,
        context_tokens=connection.context_tokens,
        output_tokens=output_tokens,
        native=connection.tools,
    )
