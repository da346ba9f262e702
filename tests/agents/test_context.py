"""Old observations give way when the transcript does not fit."""

from __future__ import annotations

from itertools import pairwise

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from agents import Agent, Limits
from agents.context import trimmed
from agents.state import State
from inference.errors import ContextOverflowError
from tests.agents.small import TOOLS, Scripted, finishes, searches, verify


def overflow(prompt_tokens: int, context_tokens: int) -> ContextOverflowError:
    return ContextOverflowError("", next_step="", prompt_tokens=prompt_tokens, context_tokens=context_tokens)


def transcript(cycles: int, chars: int = 400) -> list[AnyMessage]:
    messages: list[AnyMessage] = []
    for n in range(cycles):
        call = {"name": "search", "args": {"query": str(n)}, "id": str(n), "type": "tool_call"}
        messages.append(AIMessage("", tool_calls=[call]))
        messages.append(ToolMessage("x" * chars, tool_call_id=str(n), artifact="short"))
    return messages


def whole(messages: tuple[AnyMessage, ...]) -> list[bool]:
    return [m.text != "short" for m in messages if isinstance(m, ToolMessage)]


def test_the_oldest_observations_go_first_until_half_of_the_context_is_free() -> None:
    assert whole(trimmed(transcript(6), overflow(600, 500))) == [False] * 4 + [True] * 2


def test_the_newest_observation_stays_whole_whatever_happens() -> None:
    assert whole(trimmed(transcript(3), overflow(10_000, 100))) == [False, False, True]


def test_calls_and_results_stay_in_pairs() -> None:
    before = transcript(5)
    after = trimmed(before, overflow(10_000, 100))
    assert [type(m) for m in after] == [type(m) for m in before]
    assert [m.tool_call_id for m in after if isinstance(m, ToolMessage)] == [str(n) for n in range(5)]


def test_an_observation_that_is_shorter_than_its_short_form_stays() -> None:
    assert whole(trimmed(transcript(3, chars=3), overflow(10_000, 100))) == [True, True, True]


def test_trimming_is_rare_and_the_head_is_stable_in_between() -> None:
    """A policy whose context holds about four observations, over twelve cycles."""

    def bounded(state: State) -> AIMessage:
        tokens = sum(len(m.text) for m in state.messages) // 4
        if tokens > 700:
            raise overflow(tokens, 700)
        return finishes("80 [1].") if state.cycle == 12 else searches(f"green tea kettle light {state.cycle}")

    policy = Scripted([bounded])
    run = Agent(policy, TOOLS, Limits(max_cycles=12), verify).run("How hot?")
    assert run.stop_reason == "answered"
    prompts = [state.messages for state in policy.seen]
    changed = [later[: len(earlier)] != earlier for earlier, later in pairwise(prompts)]
    assert 1 <= sum(changed) <= 4
