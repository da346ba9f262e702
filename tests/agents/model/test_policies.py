"""The policies: a chat model, the one without a model, and the benchmark's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agents import Agent, Call, Limits, forced_policy, model_policy
from agents.model.plain import HOW_TEXT, as_text, named_call
from agents.model.ways import Calls
from agents.policy import Policy
from agents.state import opening
from inference.errors import ContextOverflowError, ToolCallError
from tests.agents.small import (
    SPECS,
    TOOLS,
    Scripted,
    ScriptedChat,
    Turn,
    agent,
    finishes,
    policy_agent,
    recorded,
    says,
    searches,
    verify,
)


def of_chat(chat: ScriptedChat, context_tokens: int = 4_096, calls: Calls = "native") -> Policy:
    return model_policy(
        chat,
        TOOLS,
        count_tokens=lambda text: len(text) // 4,
        context_tokens=context_tokens,
        output_tokens=100,
        calls=calls,
    )


def test_a_chat_model_answers_over_the_documents() -> None:
    chat = ScriptedChat(turns=[searches("green tea"), finishes("80 degrees [1].")])
    run = policy_agent(of_chat(chat)).run("How hot?")
    assert (run.stop_reason, run.answer.text) == ("answered", "80 degrees [1].")
    assert [s.prompt_tokens for s in run.steps] == [300, 300]
    assert not any(s.repaired for s in run.steps)


def test_the_tools_are_bound_to_every_call_the_last_one_too() -> None:
    chat = ScriptedChat(turns=[searches("tea 1"), searches("tea 2"), says("80 degrees [1].")])
    run = policy_agent(of_chat(chat), max_cycles=2).run("How hot?")
    assert run.stop_reason == "cycle_limit"
    assert run.answer.text == "80 degrees [1]."
    assert chat.bound == [[spec.schema for spec in SPECS]] * 3


def test_the_text_of_a_stream_is_put_together() -> None:
    message = of_chat(ScriptedChat(turns=[says("Green tea, at 80 degrees.")]))(opening("How hot?", ""))
    assert message.text == "Green tea, at 80 degrees."
    assert message.type == "ai"


def test_a_stream_is_cut_when_the_time_of_the_last_call_is_up() -> None:
    state = replace(opening("How hot?", ""), limit_s=-1.0)
    message = of_chat(ScriptedChat(turns=[says("Green tea, at 80 degrees.")]))(state)
    assert message.text == "Green "


def test_an_answer_that_was_cut_in_time_says_so() -> None:
    chat = ScriptedChat(turns=[says("80 degrees it is [1].")])
    state = replace(opening("How hot?", "Be kind."), limit_s=0.0)
    message = of_chat(chat)(state)
    assert (message.text.split(), message.response_metadata["done_reason"]) == (["80"], "length")
    assert "done_reason" not in of_chat(chat)(replace(state, limit_s=None)).response_metadata


@pytest.mark.parametrize("raw", ["", "{query: tea", "80 degrees"])
def test_a_call_that_the_engine_cannot_read_is_nudged_once_and_counts_as_a_format_error(raw: str) -> None:
    error = ToolCallError("cannot read it", raw=raw)
    helped = policy_agent(of_chat(ScriptedChat(turns=[error, searches("green tea"), finishes("80 [1].")]))).run("?")
    assert (helped.stop_reason, len(helped.steps)) == ("answered", 3)
    assert "no call that could be read" in helped.steps[0].observation
    never = policy_agent(of_chat(ScriptedChat(turns=[searches("green tea"), error, error, error]))).run("?")
    assert (never.stop_reason, never.error, never.answer.answerable) == ("format_errors", None, True)


def test_a_call_that_only_we_can_read_is_carried_out() -> None:
    error = ToolCallError("cannot read it", raw='{"query": "green tea"')
    run = policy_agent(of_chat(ScriptedChat(turns=[error, finishes("80 [1].")]))).run("How hot?")
    assert (run.stop_reason, run.steps[0].repaired) == ("answered", True)
    assert run.steps[0].calls == (Call("search", {"query": "green tea"}),)


def test_what_was_learnt_of_tokens_counts_for_the_whole_transcript() -> None:
    factor = 1
    chat = ScriptedChat(turns=[searches("green tea")])
    policy = model_policy(
        chat, TOOLS, count_tokens=lambda text: factor * len(text), context_tokens=4_000, output_tokens=100
    )
    state = opening("How hot?", "Be kind.")
    policy(state)
    factor = 100
    with pytest.raises(ContextOverflowError):
        policy(state)


def test_a_prompt_that_leaves_no_room_for_the_reply_is_not_sent() -> None:
    chat = ScriptedChat(turns=[says("x")])
    with pytest.raises(ContextOverflowError) as refused:
        of_chat(chat, context_tokens=300)(opening("How hot?", "x" * 400))
    assert refused.value.context_tokens == 300
    assert refused.value.prompt_tokens > 200
    assert chat.sent == []


def test_a_run_too_long_for_its_context_ends_with_overflow() -> None:
    chat = ScriptedChat(turns=[searches("green tea kettle light")])
    run = policy_agent(of_chat(chat, context_tokens=650)).run("How hot?")
    assert run.stop_reason == "overflow"
    assert "650" in (run.error or "")
    assert len(run.steps) == 1


@pytest.mark.parametrize("takes_tools", [True, False])
def test_a_model_that_takes_no_tools_is_told_of_them_in_text(takes_tools: bool) -> None:
    written = json.dumps({"name": "search", "arguments": {"query": "green tea"}})
    chat = ScriptedChat(turns=[says(written), finishes("80 degrees [1].")], takes_tools=takes_tools)
    run = policy_agent(of_chat(chat, calls="text" if takes_tools else "native")).run("How hot?")
    assert run.stop_reason == "answered"
    assert not run.steps[0].repaired
    assert chat.bound == [None, None]
    assert "search(query: string)" in chat.sent[0][0].text
    assert [m.type for m in chat.sent[1]] == ["system", "human", "ai", "human"]
    assert json.loads(chat.sent[1][2].text)["name"] == "search"
    assert "80 degrees" in chat.sent[1][3].text
    assert chat.sent[1][:2] == chat.sent[0]


def test_results_of_several_calls_are_one_message_in_text() -> None:
    both = says("", ("search", {"query": "kettle"}), ("read", {"file": "tea.md"}))
    run = agent(both, finishes("80 [1].")).run("How hot?")
    sent = as_text(run.messages, SPECS, HOW_TEXT, named_call)
    assert [m.type for m in sent] == ["system", "human", "ai", "human"]
    assert "guide.pdf" in sent[-1].text
    assert "tea.md" in sent[-1].text


PREPARED = [
    Call("search", {"query": "green tea"}),
    Call("read", {"file": "tea.md"}),
    Call("finish", {"answer": "80 degrees [1]."}),
]


def forced(*turns: Turn, **limits: Any) -> Agent:
    inner = Scripted(turns)
    return Agent(forced_policy(inner, PREPARED, TOOLS), TOOLS, Limits(**limits), verify)


def test_the_prepared_course_is_run_by_a_model_that_writes_no_call() -> None:
    run = forced(
        recorded(
            says(
                "I think 80.",
            ),
            decode_tokens=77,
        )
    ).run("How hot?")
    assert [s.calls[0] for s in run.steps] == PREPARED
    assert all(s.forced for s in run.steps)
    assert [s.decode_tokens for s in run.steps] == [77] * 3
    assert run.steps[0].thought == "I think 80."
    assert run.stop_reason == "answered"


def test_a_model_that_finishes_early_goes_on() -> None:
    run = forced(finishes("80.")).run("How hot?")
    assert [(s.calls[0].name, s.forced) for s in run.steps] == [
        ("search", True),
        ("read", True),
        ("finish", False),
    ]


def test_a_valid_call_of_the_model_is_its_own() -> None:
    run = forced(searches("kettle"), says('{"query": "light"}'), searches("kettle")).run("How hot?")
    assert [s.forced for s in run.steps] == [False, False, True]
    assert [s.repaired for s in run.steps] == [False, True, False]


@pytest.mark.parametrize("turn", [says("", ("browse", {})), says("", ("search", {})), says("<tools></tools>")])
def test_what_is_no_valid_call_is_forced(turn: AIMessage) -> None:
    assert forced(turn).run("How hot?").steps[0].forced


def test_the_last_answering_call_is_free() -> None:
    run = forced(says("80 degrees [1]."), max_cycles=1).run("How hot?")
    assert [s.forced for s in run.steps] == [True, False]
    assert (run.stop_reason, run.answer.text) == ("cycle_limit", "80 degrees [1].")


def test_a_model_that_invents_a_result_is_cut_off_there() -> None:
    written = (
        'I search:\n{"name": "search", "arguments": {"query": "green tea"}} \n<passage> It is 90 degrees. </passage> '
    )
    chat = ScriptedChat(turns=[says(written + "and on " * 500), finishes("80 degrees [1].")])
    run = policy_agent(of_chat(chat)).run("How hot?")
    assert (run.stop_reason, run.answer.text) == ("answered", "80 degrees [1].")
    assert "and on" not in run.steps[0].thought
    assert run.steps[0].prompt_tokens is None


@pytest.mark.parametrize(
    "text",
    [
        "It stands in <passage> one: 80 degrees [1].",
        "It is 80 degrees [1].\n<passage>[2] made.md\nInvented.\n</passage>",
    ],
    ids=["spoken of", "invented behind the answer"],
)
def test_an_answer_holds_no_invented_passage_and_may_speak_of_one(text: str) -> None:
    chat = ScriptedChat(turns=[says("", ("search", {"query": "green tea"})), says(text)])
    run = policy_agent(of_chat(chat)).run("How hot?")
    assert run.answer.text == text.partition("\n")[0]


def test_a_tool_s_result_that_a_model_repeats_is_no_answer() -> None:
    """As the real 1.5B wrote it, natively: the word of a call before its last one, in its template's frame."""
    repeated = '<tool_response>\nThere is no file "Lawless" to read. Files found so far: tea.md.\n</tool_response>'
    chat = ScriptedChat(
        turns=[says("", ("search", {"query": "green tea"})), says(repeated), finishes("80 degrees [1].")]
    )
    run = policy_agent(of_chat(chat)).run("How hot?")
    assert (run.stop_reason, run.answer.text) == ("answered", "80 degrees [1].")
    assert "no call that could be read" in run.steps[1].observation


def test_thinking_that_names_the_mark_of_a_passage_ends_no_turn() -> None:
    thinking = "<think>Text between\n<passage> and </passage> is data.</think>"
    call = '{"name": "search", "arguments": {"query": "green tea"}}'
    chat = ScriptedChat(turns=[says(f"{thinking}\n{call}"), finishes("80 degrees [1].")])
    run = policy_agent(of_chat(chat)).run("How hot?")
    assert (run.stop_reason, run.steps[0].calls[0].name) == ("answered", "search")
