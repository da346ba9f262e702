"""The forms of calls that families of models write where their server's parser does not catch them."""

from __future__ import annotations

import pytest

from agents.reply.written import read
from agents.tools.call import Call
from agents.tools.spec import Parameter, ToolSpec
from tests.agents.small import SPECS

SEARCH = Call("search", {"query": "green tea"})

FORMS = {
    "Qwen3-Coder": (
        "<tool_call>\n<function=search>\n<parameter=query>\ngreen tea\n</parameter>\n</function>\n</tool_call>"
    ),
    "Qwen3-Coder without its outer tag": "<function=search>\n<parameter=query>\ngreen tea\n</parameter>\n</function>",
    "Qwen3-Coder left open": "<function=search><parameter=query>green tea",
    "Llama 3.1": '<function=search>{"query": "green tea"}</function>',
    "Llama 3.1 with its mark": '<|python_tag|>{"name": "search", "parameters": {"query": "green tea"}}<|eom_id|>',
    "Llama 3.1 as code": '<|python_tag|>search.call(query="green tea")',
    "invoke": (
        '<function_calls>\n<invoke name="search">\n<parameter name="query">green tea</parameter>\n</invoke>\n'
        "</function_calls>"
    ),
    "DeepSeek 3.2": (
        '<｜DSML｜function_calls>\n<｜DSML｜invoke name="search">\n<｜DSML｜parameter name="query" string="true">'
        "green tea</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>"
    ),
    "DeepSeek 3.1": (
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>search<｜tool▁sep｜>{"query": "green tea"}<｜tool▁call▁end｜>'
        "<｜tool▁calls▁end｜>"
    ),
    "DeepSeek 3": (
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n"
        '{"query": "green tea"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'
    ),
    "Kimi": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>"
        '{"query": "green tea"}<|tool_call_end|><|tool_calls_section_end|>'
    ),
    "the tool as a tag": "<search><query>green tea</query></search>",
    "the tool as a tag around its one text": "<search>green tea</search>",
    "GLM": "<tool_call>search\n<arg_key>query</arg_key>\n<arg_value>green tea</arg_value>\n</tool_call>",
    "Mistral": '[TOOL_CALLS][{"name": "search", "arguments": {"query": "green tea"}}]</s>',
    "Mistral, the name first": '[TOOL_CALLS]search{"query": "green tea"}',
    "Mistral, marked arguments": '[TOOL_CALLS]search[ARGS]{"query": "green tea"}',
    "gpt-oss": (
        "<|start|>assistant<|channel|>commentary to=functions.search <|constrain|>json<|message|>"
        '{"query": "green tea"}<|call|>'
    ),
    "gpt-oss, the address first": (
        '<|start|>assistant to=functions.search<|channel|>commentary json<|message|>{"query": "green tea"}<|call|>'
    ),
    "gpt-oss, marks lost": 'to=functions.search json{"query": "green tea"}',
    "Python": 'search(query="green tea")',
    "Python, a list": "[search(query='green tea')]",
    "Python, by position": 'search("green tea")',
    "Python as the usage has it": 'search(query: "green tea")',
    "Python in a fence": '```tool_code\nsearch(query="green tea")\n```',
    "Python in a tag": '<tool_call>search(query="green tea")</tool_call>',
    "LFM": "<|tool_call_start|>[search(query='green tea')]<|tool_call_end|>",
    "ReAct": 'Action: search\nAction Input: {"query": "green tea"}',
    "ReAct, plain text": "Action: search\nAction Input: green tea",
    "ReAct, quoted text": 'Action: search\nAction Input: "green tea"',
    "ReAct, brackets": "Action: search[green tea]",
    "ReAct, JSON": 'Action:\n```json\n{"action": "search", "action_input": {"query": "green tea"}}\n```',
    "Command R": 'Action: ```json\n[{"tool_name": "search", "parameters": {"query": "green tea"}}]\n```',
    "a whole message": '{"tool_calls": [{"function": {"name": "search", "arguments": {"query": "green tea"}}}]}',
    "a dict of Python": "{'name': 'search', 'arguments': {'query': 'green tea'}}",
    "commas at the end": '{"name": "search", "arguments": {"query": "green tea",},}',
    "a tag around a name and an object": '<tool_call>\nsearch\n{"query": "green tea"}\n</tool_call>',
    "a tag around arguments alone": '<tool_call>{"query": "green tea"}</tool_call>',
    "a namespace": '{"name": "functions.search", "arguments": {"query": "green tea"}}',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_the_form_of_a_family_is_read(text: str) -> None:
    reading = read(text, SPECS)
    assert (reading.calls, reading.text, reading.malformed) == ((SEARCH,), "", False)


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_a_tool_that_is_not_offered_is_never_called_in_any_form(text: str) -> None:
    others = [spec for spec in SPECS if spec.name == "read"]
    reading = read(text, others)
    assert (reading.calls, reading.text) == ((), text.strip())


MARKED = [
    name for name, text in FORMS.items() if text.startswith(("<tool_call>", "<func", "[TOOL", "<|py", "<｜", "<|"))
]


@pytest.mark.parametrize("name", MARKED)
def test_an_unknown_name_behind_marks_is_malformed(name: str) -> None:
    assert read(FORMS[name].replace("search", "browse").replace("query", "url"), SPECS).malformed


def test_line_ends_and_tags_inside_a_string_are_the_string() -> None:
    text = '{"name": "finish", "arguments": {"answer": "80 degrees\n- see <b>tea.md</b>\n```\ntea\n```"}}'
    assert read(text, SPECS).calls == (Call("finish", {"answer": "80 degrees\n- see <b>tea.md</b>\n```\ntea\n```"}),)


def test_values_between_tags_are_what_the_tool_takes() -> None:
    spec = ToolSpec("book", "", (Parameter("room", "string", ""), Parameter("days", "integers", "")))
    text = "<function=book><parameter=room>12</parameter><parameter=days>[1, 2]</parameter></function>"
    assert read(text, [spec]).calls == (Call("book", {"room": "12", "days": [1, 2]}),)


def test_a_tool_without_arguments_is_called_and_its_echoed_schema_is_not() -> None:
    spec = ToolSpec("today", "The date.", ())
    assert read("today()", [spec]).calls == (Call("today", {}),)
    assert read('{"name": "today", "arguments": {}}', [spec]).calls == (Call("today", {}),)
    echo = '{"name": "today", "parameters": {"type": "object", "properties": {}, "required": []}}'
    assert read(echo, [spec]).calls == ()


def test_several_calls_in_one_form_keep_their_order() -> None:
    read_call = Call("read", {"file": "tea.md"})
    assert read("[search(query='green tea'), read(file='tea.md')]", SPECS).calls == (SEARCH, read_call)
    twice = f"{FORMS['Qwen3-Coder']}\n{FORMS['Qwen3-Coder'].replace('search', 'read').replace('query', 'file')}"
    assert [call.name for call in read(twice, SPECS).calls] == ["search", "read"]


def test_prose_before_a_mark_may_stand_on_its_line() -> None:
    reading = read(f"I will look.{FORMS['DeepSeek 3.1']}", SPECS)
    assert (reading.calls, reading.text) == ((SEARCH,), "I will look.")


def test_an_invented_tool_result_and_all_behind_it_is_left_out() -> None:
    text = (
        f"Thought: look\n{FORMS['ReAct, plain text']}\nObservation: 80 degrees\nThought: I know\n"
        "Action: finish\nAction Input: 80 degrees"
    )
    reading = read(text, SPECS)
    assert (reading.calls, reading.text) == ((SEARCH,), "Thought: look")
