"""A turn held to a JSON schema: what is sent, what comes of it, and that nothing else in the loop knows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage

from agents.model.plain import HOW_SCHEMA, as_text, json_turn
from agents.model.turn_schema import called, turn_schema
from agents.reply.normalise import WRITTEN
from agents.tools.finish import FINISH
from tests.agents.model.test_policies import of_chat
from tests.agents.small import SPECS, ScriptedChat, policy_agent, says


def turn(tool: str, thought: str = "Look.", **arguments: Any) -> AIMessage:
    return says(json.dumps({"thought": thought, "tool": tool, "with": arguments}))


class Held(ScriptedChat):
    """Also keeps the schemas that it was held to."""

    schemas: list[Any] = []  # noqa: RUF012

    def _turn(self, messages: list[BaseMessage], tools: Any) -> AIMessage:
        return super()._turn(messages, tools)

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Any:
        self.schemas.append(kwargs.get("format"))
        return super()._stream(messages, *args, **kwargs)


def test_a_run_in_schema_mode_is_like_any_other() -> None:
    chat = Held(turns=[turn("search", query="green tea"), turn("finish", answer="80 degrees [1].")])
    run = policy_agent(of_chat(chat, calls="schema")).run("How hot?")
    assert (run.stop_reason, run.answer.text) == ("answered", "80 degrees [1].")
    assert [step.repaired for step in run.steps] == [False, False]
    assert run.steps[0].thought == "Look."
    assert chat.bound == [None, None]


def test_the_last_answering_call_is_held_to_an_answer_and_the_prompt_does_not_change() -> None:
    chat = Held(turns=[turn("search", query="tea 1"), turn("finish", answer="80 degrees [1].")])
    run = policy_agent(of_chat(chat, calls="schema"), max_cycles=1).run("How hot?")
    assert run.stop_reason == "cycle_limit"
    assert [tools_of(schema) for schema in chat.schemas] == [[spec.name for spec in SPECS], [FINISH.name]]
    assert chat.sent[0] == chat.sent[1][:2]


def tools_of(schema: Any) -> list[str]:
    return [one["properties"]["tool"]["const"] for one in schema["anyOf"]]


def queries_of(schema: Any) -> list[str] | None:
    """The queries that a search is held to."""
    held = [one["properties"]["with"]["properties"]["query"] for one in schema["anyOf"] if "search" in str(one)]
    return held[0].get("enum") if held else None


def test_each_request_begins_with_the_one_before_and_the_model_s_own_words() -> None:
    turns = [turn("search", query=f"tea {n}", thought="Más té…") for n in range(3)]
    chat = Held(turns=[*turns, turn("finish", answer="80 [1].")])
    policy_agent(of_chat(chat, calls="schema")).run("How hot?")
    for earlier, later, wrote in zip(chat.sent, chat.sent[1:], turns, strict=False):
        assert later[: len(earlier)] == earlier
        assert later[len(earlier)].text == wrote.text


def test_a_prepared_call_is_shown_as_the_model_would_have_written_it() -> None:
    sent = as_text([says("s"), says("Look.", ("search", {"query": "tea"}))], SPECS, HOW_SCHEMA, json_turn)
    assert json.loads(sent[1].text) == {"thought": "Look.", "tool": "search", "with": {"query": "tea"}}


def test_a_turn_becomes_a_call_that_keeps_what_was_written() -> None:
    message = called(turn("search", query="tea"), SPECS)
    assert [(call["name"], call["args"]) for call in message.tool_calls] == [("search", {"query": "tea"})]
    assert json.loads(message.additional_kwargs[WRITTEN])["tool"] == "search"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "80 degrees.",
        "[1]",
        '"x"',
        '{"tool": "search"}',
        '{"tool": "browse", "with": {}}',
        '{"tool": [], "with": 3}',
    ],
)
def test_what_is_no_turn_is_left_as_it_came(written: str) -> None:
    message = says(written)
    assert called(message, SPECS) is message


def test_a_turn_that_was_cut_off_is_repaired_or_told() -> None:
    cut = says('{"thought": "Look.", "tool": "search", "with": {"query": "green tea')
    chat = Held(turns=[cut, turn("finish", answer="80 [1].")])
    run = policy_agent(of_chat(chat, calls="schema")).run("How hot?")
    assert (run.stop_reason, run.steps[0].repaired) == ("answered", True)


def test_every_value_is_capped_and_thinking_comes_first_in_the_alphabet() -> None:
    for alternative in turn_schema(SPECS)["anyOf"]:
        keys = list(alternative["properties"])
        assert keys == sorted(keys)
        texts = [alternative["properties"]["thought"], *alternative["properties"]["with"]["properties"].values()]
        assert all("maxLength" in text for text in texts if text.get("type") == "string")


def test_a_model_that_repeats_a_reading_is_held_to_the_other_tools_for_a_turn() -> None:
    again = turn("read", passage=1)
    turns = [
        turn("search", query="green tea"),
        again,
        again,
        turn("search", query="tin"),
        turn("finish", answer="80 [1]."),
    ]
    chat = Held(turns=turns)
    run = policy_agent(of_chat(chat, calls="schema")).run("How hot?")
    assert run.stop_reason == "answered"
    names = [spec.name for spec in SPECS]
    others = [name for name in names if name != "read"]
    assert [tools_of(schema) for schema in chat.schemas] == [names, names, names, others, names]


def test_a_model_that_repeats_a_search_is_held_for_a_turn_to_those_it_has_not_made() -> None:
    again = turn("search", query="green tea")
    chat = Held(turns=[again, again, turn("search", query="Aurora"), turn("finish", answer="80 degrees [1].")])
    policy_agent(of_chat(chat, calls="schema")).run("How hot is the Aurora kettle?")
    held = [queries_of(schema) for schema in chat.schemas]
    assert held[2]
    assert "green tea" not in held[2]
    assert (held[0], held[1], held[3]) == (None, None, None)


def test_a_model_that_repeats_its_searches_again_has_none_of_its_own_any_more() -> None:
    queries = ["green tea", "green tea", "Aurora", "Aurora", "tin", "Oslo"]
    chat = Held(turns=[*(turn("search", query=query) for query in queries), turn("finish", answer="80 degrees [1].")])
    policy_agent(of_chat(chat, calls="schema")).run("How hot is the Aurora kettle of Birk?")
    held = [queries_of(schema) for schema in chat.schemas]
    assert [one is not None for one in held[:6]] == [False, False, True, False, True, True]
    for place, offered in enumerate(held[:6]):
        assert not set(offered or ()) & set(queries[:place])


def test_an_answer_that_names_a_passage_mark_is_whole_in_schema_mode() -> None:
    text = "It says <passage> Green tea </passage> so 80 degrees [1]."
    chat = Held(turns=[turn("search", query="green tea"), turn("finish", answer=text)])
    run = policy_agent(of_chat(chat, calls="schema")).run("How hot?")
    assert (run.stop_reason, run.answer.text) == ("answered", text)


def test_calls_told_in_text_are_numbered_by_their_cycle() -> None:
    calls = [says(json.dumps({"name": "search", "arguments": {"query": f"tea {n}"}})) for n in (1, 2)]
    chat = ScriptedChat(turns=[*calls, says("80 degrees [1].")])
    run = policy_agent(of_chat(chat, calls="text")).run("How hot?")
    ids = [call["id"] for message in run.messages if isinstance(message, AIMessage) for call in message.tool_calls]
    assert ids == ["call-1-1", "call-2-1"]
