"""The agent over a folder: policy, tools, verification, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from speedking.calling import Mode
from speedking.engine import Choice, answer_tokens
from speedking.folder_tools import CALL_S, OBSERVATION_TOKENS, folder_tools

if TYPE_CHECKING:
    from agents import Agent, Limits, Tools
    from agents.graph.drive import Approve
    from agents.graph.wiring import Saver
    from agents.model.ways import Calls
    from agents.policy import Policy, Verify
    from inference import Connection
    from rag import Answer, Index, Passage


@dataclass(frozen=True, slots=True)
class Extras:
    """What a run may have beside the folder: tools of others, a place where it is kept, a person to ask."""

    tools: Tools | None = None
    saver: Saver | None = None
    approve: Approve | None = None


def agent_over(
    library: Index, choice: Choice, limits: Limits, *, mode: Mode = "native", extras: Extras | None = None
) -> Agent:
    """Searches and reads in `library`, thinks with the chosen engine (its calls written as `mode` says), and has every
    claim verified by code."""
    from agents import Agent, fixed_policy
    from agents.tools.limited import Limited
    from agents.tools.toolbox import Toolbox

    extras = extras or Extras()
    connection = choice.connection
    count_tokens = _words if connection is None else connection.count_tokens
    tools: Tools = folder_tools(library, count_tokens)
    if extras.tools is not None:
        others = Limited(extras.tools, seconds=CALL_S, tokens=OBSERVATION_TOKENS, count_tokens=count_tokens)
        tools = Toolbox(tools, others)
    if connection is None:
        policy = fixed_policy()
    else:
        policy = policy_of(connection, tools, answer_tokens(connection.thinking), mode)
    return Agent(policy, tools, limits, verification(library, choice), saver=extras.saver, approve=extras.approve)


def verification(library: Index, choice: Choice) -> Verify:
    """The same as `ask`: the draft judged, or without one the passages' own sentences."""
    from rag import ExtractiveReader
    from rag.differing import with_differing
    from rag.judge import Judge

    reader, judge = ExtractiveReader(library.supporter), Judge(library.supporter)

    def verify(task: str, draft: str, passages: Sequence[Passage]) -> Answer:
        """Signed by who wrote it: where a model left no draft, the reader's sentences are not the model's."""
        if draft:
            answer = replace(judge.verdict(task, draft, passages), engine=choice.engine, model=choice.model)
        else:
            answer = reader.answer(task, passages)
        return with_differing(answer, passages)

    return verify


def policy_of(connection: Connection, tools: Tools, output_tokens: int, calls: Calls) -> Policy:
    from agents import model_policy

    return model_policy(
        connection.chat,
        tools,
        count_tokens=connection.count_tokens,
        context_tokens=connection.context_tokens,
        output_tokens=output_tokens,
        calls=calls,
    )


def _words(text: str) -> int:
    """Where there is no model there are no tokens: about four characters each."""
    return len(text) // 4
