"""Every form in which small models were seen to write a call, and what must not be taken for one."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agents.reply.normalise import WRITTEN, normalise
from agents.reply.written import read
from agents.tools.call import Call
from tests.agents.small import SPECS, says

SEARCH = Call("search", {"query": "green tea"})

FORMS = {
    "bare": '{"name": "search", "arguments": {"query": "green tea"}}',
    "fenced": '```json\n{"name": "search", "arguments": {"query": "green tea"}}\n```',
    "fenced without a language": '```\n{"name": "search", "arguments": {"query": "green tea"}}\n```',
    "an unclosed fence": '```json\n{"name": "search", "arguments": {"query": "green tea"}}',
    "tool_call tags": '<tool_call>\n{"name": "search", "arguments": {"query": "green tea"}}\n</tool_call>',
    "tools tags": '<tools>{"name": "search", "arguments": {"query": "green tea"}}</tools>',
    "empty tools tags before a fence": (
        '<tools></tools>\n```json\n{"name": "search", "arguments": {"query": "green tea"}}\n```'
    ),
    "function for name": '{"function": "search", "arguments": {"query": "green tea"}}',
    "function as an object": '{"function": {"name": "search", "arguments": {"query": "green tea"}}}',
    "the whole of OpenAI's form": (
        '{"type": "function", "function": {"name": "search", "arguments": "{\\"query\\": \\"green tea\\"}"}}'
    ),
    "parameters for arguments": '{"name": "search", "parameters": {"query": "green tea"}}',
    "arguments as a string": '{"name": "search", "arguments": "{\\"query\\": \\"green tea\\"}"}',
    "arguments beside the name": '{"name": "search", "query": "green tea"}',
    "an argument in its schema": (
        '{"name": "search", "arguments": {"query": {"type": "string", "value": "green tea"}}}'
    ),
    "all arguments in their schema": (
        '{"name": "search", "arguments": {"type": "object", "properties": {"query": "green tea"}, '
        '"required": ["query"]}}'
    ),
    "with the schema's list beside the argument": (
        '{"name": "search", "arguments": {"query": "green tea", "required": ["query"]}}'
    ),
    "followed by one cut short": (
        '{"name": "search", "arguments": {"query": "green tea"}}\n{"name": "read", "arguments": {"file":'
    ),
    "the name on the line before": 'search\n{"query": "green tea"}',
    "as a function in code": 'search({"query": "green tea"})',
    "arguments alone": '{"query": "green tea"}',
    "arguments alone, in their schema": '{"query": {"type": "string", "value": "green tea"}}',
    "doubled braces": '{{"name": "search", "arguments": {{"query": "green tea"}}}}',
    "outer braces doubled": '{{"name": "search", "arguments": {"query": "green tea"}}}',
    "a brace missing": '{"name": "search", "arguments": {"query": "green tea"}',
    "two braces missing, in a fence": '```json\n{"name": "search", "arguments": {"query": "green tea"\n```',
    "cut in the string": '{"name": "search", "arguments": {"query": "green tea',
    "a brace too many": '{"name": "search", "arguments": {"query": "green tea"}}}',
    "in a list": '[{"name": "search", "arguments": {"query": "green tea"}}]',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_a_call_written_as_text_is_read(text: str) -> None:
    reading = read(text, SPECS)
    assert reading.calls == (SEARCH,)
    assert reading.text == ""
    assert not reading.malformed


def test_prose_around_a_call_is_kept_as_its_thought() -> None:
    text = 'I will look it up.\n```json\n{"name": "search", "arguments": {"query": "green tea"}}\n```'
    reading = read(text, SPECS)
    assert (reading.calls, reading.text) == ((SEARCH,), "I will look it up.")


def test_two_calls_in_a_row_are_both_read_in_their_order() -> None:
    text = '{"name": "search", "arguments": {"query": "green tea"}}\n{"name": "finish", "arguments": {"answer": "80"}}'
    assert read(text, SPECS).calls == (SEARCH, Call("finish", {"answer": "80"}))


def test_arguments_alone_find_the_tool_that_they_fit() -> None:
    assert read('{"answer": "80 degrees"}', SPECS).calls == (Call("finish", {"answer": "80 degrees"}),)
    assert read('{"file": "guide.pdf", "page": 2}', SPECS).calls == (Call("read", {"file": "guide.pdf", "page": 2}),)


NO_CALLS = {
    "an invented tool": '{"name": "brewing_temperature", "arguments": {"tea": "green"}}',
    "an invented tool with known arguments": '{"name": "look_up", "arguments": {"query": "green tea"}}',
    "an invented tool inside prose": 'So: {"name": "brewing_temperature", "arguments": {}}',
    "empty tools tags": "<tools></tools>",
    "the schemas echoed": "<tools>\n" + "\n".join(str(s.schema).replace("'", '"') for s in SPECS) + "\n</tools>",
    "the schemas echoed until the end": str(SPECS[0].schema).replace("'", '"')[:-30],
    "a schema as arguments": '{"name": "search", "arguments": {"query": {"type": "string"}}}',
    "a number that JSON does not have": '{"name": "search", "arguments": {"query": NaN}}',
    "a number without end": '{"name": "search", "arguments": {"query": 1e999}}',
    "broken beyond repair": '{"name": "search" "arguments" {"query"',
}


@pytest.mark.parametrize("text", NO_CALLS.values(), ids=NO_CALLS.keys())
def test_what_tries_to_be_a_call_and_is_none_is_malformed(text: str) -> None:
    reading = read(text, SPECS)
    assert reading.calls == ()
    assert reading.malformed


PROSE = {
    "plain": "Green tea is brewed at 80 degrees [1].",
    "a citation first": "[1] says 80 degrees.",
    "JSON that the answer quotes": 'Set it so: {"temperature": 80} and restart.',
    "a code block": "Run this:\n```bash\nkettle --on\n```",
    "a template's braces": "Write {{ name }} there.",
    "empty": "",
}


@pytest.mark.parametrize("text", PROSE.values(), ids=PROSE.keys())
def test_prose_is_no_call_and_stays_as_it_is(text: str) -> None:
    reading = read(text, SPECS)
    assert (reading.calls, reading.text, reading.malformed) == ((), text, False)


def test_a_call_read_from_text_goes_into_the_transcript_as_a_tool_call() -> None:
    reply = normalise(AIMessage(f"Look.\n{FORMS['fenced']}"), SPECS, 3)
    assert reply.repaired
    assert reply.thought == "Look."
    assert reply.message.content == "Look."
    assert [(c["name"], c["args"], c["id"]) for c in reply.message.tool_calls] == [
        ("search", {"query": "green tea"}, "call-3-1")
    ]


def test_a_native_call_is_no_repair_and_keeps_its_id() -> None:
    message = AIMessage("", tool_calls=[{"name": "search", "args": {"query": "x"}, "id": "abc"}])
    reply = normalise(message, SPECS, 1)
    assert (reply.repaired, reply.call_ids) == (False, ("abc",))


def test_native_arguments_that_the_tool_does_not_have_are_left_out() -> None:
    reply = normalise(says("", ("search", {"query": "green tea", "required": ["query"]})), SPECS, 1)
    assert (reply.calls, reply.repaired) == ((SEARCH,), False)


def test_native_arguments_in_their_schema_are_unwrapped_and_marked() -> None:
    wrapped: dict[str, Any] = {"query": {"type": "string", "value": "green tea"}}
    reply = normalise(says("", ("search", wrapped)), SPECS, 1)
    assert (reply.calls, reply.repaired) == ((SEARCH,), True)


def test_a_call_that_the_client_could_not_parse_comes_without_arguments() -> None:
    broken = {"name": "search", "args": "{query:", "id": "x", "error": "bad", "type": "invalid_tool_call"}
    reply = normalise(AIMessage("", invalid_tool_calls=[broken]), SPECS, 1)
    assert reply.calls == (Call("search", {}),)
    assert reply.message.invalid_tool_calls == []


def test_arguments_in_a_string_that_is_no_json_are_as_good_as_none() -> None:
    assert read('{"name": "search", "arguments": "{\\"query\\": [NaN]}"}', SPECS).calls == (Call("search", {}),)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("nan")], {"value": float("nan")}])
def test_native_arguments_that_json_does_not_have_are_as_good_as_none(value: Any) -> None:
    reply = normalise(says("", ("search", {"query": value})), SPECS, 1)
    assert reply.calls == (Call("search", {}),)
    assert reply.message.tool_calls[0]["args"] == {}


def test_thinking_is_part_of_the_thought_and_never_of_the_answer() -> None:
    tagged = normalise(AIMessage("<think>80, I guess</think>80 degrees [1]."), SPECS, 1)
    assert (tagged.thought, tagged.text) == ("80, I guess\n80 degrees [1].", "80 degrees [1].")
    endless = normalise(AIMessage("<think>well, well"), SPECS, 1)
    assert (endless.thought, endless.text) == ("well, well", "")
    apart = normalise(AIMessage("80.", additional_kwargs={"reasoning_content": "80, I guess"}), SPECS, 1)
    assert (apart.thought, apart.text) == ("80, I guess\n80.", "80.")


def test_the_text_that_a_call_was_read_from_is_kept_word_for_word() -> None:
    text = f"<think>hm</think> Look.\n{FORMS['fenced']}\n"
    reply = normalise(AIMessage(text), SPECS, 1)
    assert reply.message.additional_kwargs[WRITTEN] == text
    assert WRITTEN not in normalise(says("", ("search", {"query": "x"})), SPECS, 1).message.additional_kwargs


def test_thinking_is_still_known_where_a_message_is_read_twice() -> None:
    once = normalise(AIMessage(f"<think>hm</think>Look.\n{FORMS['fenced']}"), SPECS, 1)
    twice = normalise(once.message, SPECS, 1)
    assert (twice.thought, twice.repaired) == (once.thought, False) == ("hm\nLook.", False)


def test_arguments_that_the_client_could_not_parse_are_read_where_they_can_be() -> None:
    broken = {
        "name": "search",
        "args": "{'query': 'green tea',}",
        "id": "x",
        "error": "bad",
        "type": "invalid_tool_call",
    }
    reply = normalise(AIMessage("", invalid_tool_calls=[broken]), SPECS, 1)
    assert (reply.calls, reply.repaired, reply.call_ids) == ((SEARCH,), True, ("x",))


def test_ids_given_twice_are_told_apart() -> None:
    calls = [{"name": "search", "args": {"query": str(n)}, "id": "0"} for n in range(2)]
    assert normalise(AIMessage("", tool_calls=calls), SPECS, 4).call_ids == ("0", "call-4-2")


def test_a_native_name_with_its_namespace_is_the_tool() -> None:
    reply = normalise(says("", ("functions.search<|channel|>commentary", {"query": "green tea"})), SPECS, 1)
    assert reply.calls == (SEARCH,)
    assert reply.message.tool_calls[0]["name"] == "search"


def test_half_a_character_is_replaced_since_no_file_takes_it() -> None:
    reply = normalise(says("", ("search", {"query": "tea \ud83d"})), SPECS, 1)
    assert reply.calls == (Call("search", {"query": "tea \ufffd"}),)
