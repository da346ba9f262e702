"""Whatever a model writes, in whatever order: a run ends within its limits, with a reason, and is well formed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from langchain_core.messages.tool import invalid_tool_call, tool_call

from agents import Agent, AgentRun, Limits, StopReason
from agents.graph.saver import StateSerializer, memory_saver
from agents.reply.normalise import normalise
from agents.state import State
from inference.errors import ContextOverflowError, EngineUnavailableError, GenerationError, ToolCallError
from tests.agents.model.test_policies import of_chat
from tests.agents.small import SPECS, TOOLS, Clock, Scripted, ScriptedChat, verify

FRAGMENTS = (
    '{"name": "search", "arguments": {"query": "tea"}}',
    '{"thought": "x", "tool": "finish", "with": {"answer": "80 [1]."}}',
    "<tool_call>",
    "</tool_call>",
    "<tools></tools>",
    "<function=search><parameter=query>tea</parameter></function>",
    "[TOOL_CALLS]",
    "<think>",
    "</think>",
    "```json\n",
    "```",
    'search(query="tea")',
    "Action: search\nAction Input: tea\n",
    "<passage>",
    "<|channel|>final<|message|>",
    "80 degrees [1].",
    "{",
    "}}",
    "\n",
    " ",
    '"',
    "\ud83d",
    "\x00",
)
TEXTS = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=12)), max_size=6).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
NAMES = st.sampled_from(["search", "read", "grep", "finish", "browse", ""])
ARGUMENTS = st.dictionaries(st.sampled_from(["query", "file", "page", "answer", "citations", "x"]), VALUES, max_size=3)
IDS = st.sampled_from([None, "", "a", "b"])
CALLS = st.lists(st.tuples(NAMES, ARGUMENTS, IDS), max_size=3)


def message(text: str, calls: list[Any], broken: list[Any], reasoning: str) -> AIMessage:
    return AIMessage(
        text,
        tool_calls=[tool_call(name=name, args=arguments, id=call_id) for name, arguments, call_id in calls],
        invalid_tool_calls=[
            invalid_tool_call(name=name, args="{", id=call_id, error="no JSON") for name, _, call_id in broken
        ],
        additional_kwargs={"reasoning_content": reasoning} if reasoning else {},
    )


MESSAGES = st.builds(message, TEXTS, CALLS, st.just([]) | CALLS, st.just("") | TEXTS)
ERRORS = st.sampled_from(
    [
        EngineUnavailableError("gone", next_step="start it"),
        GenerationError("failed", next_step="again"),
        ToolCallError("unreadable", raw="{"),
        ContextOverflowError("long", next_step="less", prompt_tokens=9_000, context_tokens=4_000),
        OutputParserException("no call", llm_output="search tea"),
        ValueError("odd"),
        RecursionError("deep"),
    ]
)
RUNS = settings(max_examples=150, deadline=None, derandomize=True)


def check(run: AgentRun, most: int) -> None:
    assert run.stop_reason in get_args(StopReason)
    assert [step.cycle for step in run.steps] == list(range(1, len(run.steps) + 1))
    assert len(run.steps) <= most + 1
    assert [m.type for m in run.messages[:2]] == ["system", "human"]
    waiting: list[str] = []
    for told in run.messages[2:]:
        if isinstance(told, AIMessage):
            assert not waiting
            waiting = [str(call["id"]) for call in told.tool_calls]
            assert len(set(waiting)) == len(waiting)
            json.dumps([call["args"] for call in told.tool_calls], allow_nan=False)
        else:
            assert told.type == "tool"
            assert told.tool_call_id == waiting.pop(0)
    assert not waiting


@RUNS
@given(st.lists(st.one_of(MESSAGES, ERRORS), min_size=1, max_size=8), st.integers(1, 5))
def test_any_sequence_of_turns_ends_within_the_limits(turns: list[Any], most: int) -> None:
    check(Agent(Scripted(turns), TOOLS, Limits(max_cycles=most), verify, clock=Clock()).run("How hot?"), most)


@settings(RUNS, max_examples=60)
@given(st.lists(MESSAGES, min_size=1, max_size=6), st.integers(1, 4))
def test_a_run_that_is_kept_is_the_same(turns: list[Any], most: int) -> None:
    whole = Agent(Scripted(turns), TOOLS, Limits(max_cycles=most), verify, clock=Clock()).run("How hot?", run_id="one")
    kept = Agent(Scripted(turns), TOOLS, Limits(max_cycles=most), verify, clock=Clock(), saver=memory_saver())
    assert kept.run("How hot?", run_id="one") == whole


@pytest.mark.parametrize("calls", ["native", "schema", "text"])
@settings(RUNS, max_examples=60)
@given(turns=st.lists(st.one_of(TEXTS.map(AIMessage), ERRORS), min_size=1, max_size=6))
def test_any_words_of_a_chat_model_end_within_the_limits(calls: Any, turns: list[Any]) -> None:
    policy = of_chat(ScriptedChat(turns=turns), calls=calls)
    check(Agent(policy, TOOLS, Limits(max_cycles=3), verify, clock=Clock()).run("How hot?"), 3)


@settings(RUNS, max_examples=400)
@given(MESSAGES)
def test_reading_a_message_is_pure_and_stable(written: AIMessage) -> None:
    before = repr(written)
    reply = normalise(written, SPECS, 1)
    assert repr(written) == before
    assert [(call["name"], call["args"]) for call in reply.message.tool_calls] == [
        (call.name, dict(call.arguments)) for call in reply.calls
    ] or not reply.calls
    again = normalise(reply.message, SPECS, 1)
    assert again.calls == reply.calls
    if not (written.tool_calls or written.invalid_tool_calls):
        assert {call.name for call in reply.calls} <= {spec.name for spec in SPECS}


def form(template: str) -> Callable[[str], str]:
    return lambda query: template.replace("QUERY", json.dumps(query))


@pytest.mark.parametrize(
    "form",
    [
        form('{"name": "search", "arguments": {"query": QUERY}}'),
        form('```json\n{"name": "search", "arguments": {"query": QUERY}}\n```'),
        form('<tool_call>\n{"name": "search", "arguments": {"query": QUERY}}\n</tool_call>'),
        form('[TOOL_CALLS][{"name": "search", "arguments": {"query": QUERY}}]'),
        form('<function=search>{"query": QUERY}</function>'),
        form('Action: search\nAction Input: {"query": QUERY}'),
    ],
)
@settings(RUNS, max_examples=60)
@given(query=st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()))
def test_a_call_comes_through_in_each_form(form: Callable[[str], str], query: str) -> None:
    (call,) = normalise(AIMessage(form(query)), SPECS, 1).calls
    assert (call.name, call.arguments) == ("search", {"query": query})


@settings(RUNS, max_examples=80)
@given(st.lists(MESSAGES, min_size=1, max_size=3))
def test_a_state_is_written_down_and_comes_back(turns: list[AIMessage]) -> None:
    seen: list[State] = []

    def policy(state: State) -> AIMessage:
        seen.append(state)
        return turns[min(len(seen), len(turns)) - 1]

    Agent(policy, TOOLS, Limits(max_cycles=3), verify, clock=Clock()).run("How hot?")
    serializer = StateSerializer()
    for state in seen:
        assert serializer.loads_typed(serializer.dumps_typed({"run": state}))["run"] == state
