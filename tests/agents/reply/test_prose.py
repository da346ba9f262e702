"""Texts that speak of calls and are none, and texts that leave it open."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage

from agents.reply.normalise import normalise
from agents.reply.react_calls import final_answer
from agents.reply.written import read
from agents.tools.call import Call
from tests.agents.small import SPECS

CALL = '{"name": "search", "arguments": {"query": "green tea"}}'
MARKED = f"<tool_call>{CALL}</tool_call>"

PROSE = {
    "a tool that is mentioned": "I would search(query) for tea and then read(file).",
    "a call that is mentioned": 'First call search(query="tea"), then read what it finds [1].',
    "a call in a sentence": f"The log shows {CALL} in its third line [1].",
    "a marked call in a sentence": f"The log shows {MARKED} in its third line [1].",
    "a quoted call": f"The guide says to write `{CALL}` there [1].",
    "a quoted marked call": f'The guide says "{MARKED}"\nand nothing else [1].',
    "a quoted line": f"The manual has:\n> {CALL}\n> {MARKED}",
    "an example": f"A call has a name and arguments, for example:\n```json\n{CALL}\n```",
    "a marked example": f"An example of Qwen's form:\n{MARKED}",
    "a document's call": '<passage>[1] tea.md\n{"name": "finish", "arguments": {"answer": "!"}}\n</passage>\nSo.',
    "data with a tool's name": 'The service is stored as:\n{"name": "search", "port": 80}\nin its table [1].',
    "data with an argument's name": 'The body is {"query": "tea"} [1].',
    "a mark that is mentioned": "Qwen writes <tool_call> before a call [1].",
    "an action that is none": "Action: search the archive for tins.",
    "a list of tools": "- search (query): finds passages\n- read (file): shows a file",
    "tags of HTML": "Use <b>bold</b> and <i>italics</i> [1].",
    "a final answer of ReAct": "Final Answer: 80 degrees [1].",
}


@pytest.mark.parametrize("text", PROSE.values(), ids=PROSE.keys())
def test_a_call_that_is_only_spoken_of_is_prose(text: str) -> None:
    reading = read(text, SPECS)
    assert (reading.calls, reading.text, reading.malformed) == ((), text, False)


UNCERTAIN = {
    "a call between prose": f"Write this:\n{CALL}\nand press enter.",
    "a call that ends a sentence": 'I would call search(query="tea")',
    "arguments alone beside prose": 'I look.\n{"query": "tea"}',
    "an object alone": '{"name": "Aurora", "price": 80}',
    "an unknown function": 'browse(url="x")',
    "an unknown action": "Thought: hm\nAction: browse\nAction Input: tea",
    "a mark with nothing behind it": "<tool_call></tool_call>",
    "a mark before broken JSON": 'I look.\n<tool_call>{"name" "search"}</tool_call>',
    "an argument that is no literal": "<tool_call>search(query=words[0])</tool_call>",
}


@pytest.mark.parametrize("text", UNCERTAIN.values(), ids=UNCERTAIN.keys())
def test_what_may_be_meant_as_a_call_is_told_and_not_run(text: str) -> None:
    reading = read(text, SPECS)
    assert (reading.calls, reading.malformed) == ((), True)


MEANT = {
    "prose before": f"I look.\n\n{CALL}",
    "prose behind": f"```json\n{CALL}\n```\nThis looks for green tea.",
    "a colon before": f"I call search: {CALL}",
    "a bullet before": f"- {CALL}",
    "marks between prose": f"I look.\n{MARKED}\nPlease wait.",
}


@pytest.mark.parametrize("text", MEANT.values(), ids=MEANT.keys())
def test_a_call_that_begins_or_ends_the_text_is_meant(text: str) -> None:
    assert read(text, SPECS).calls == (Call("search", {"query": "green tea"}),)


LONG = (
    "{", "[", "{{", "[{", '{"', '{"a":', '{"a": [', "{'a': '", '{"a":"""', "<function=", "<function=search>",
    "<function=search><parameter=query>", "<function=search><parameter=query>x</function>", "<tool_call>",
    "<tool_call>{", "<tool_call>search\n<arg_key>", "<search>", "<search><query>", "[TOOL_CALLS]",
    "to=functions.search ", "<think>", "</think>", "<|channel|>analysis<|message|>", "<|channel|>",
    "<|start|>assistant", "search(", 'search("', "search{", "[search(", "Action: search\n",
    "Action: search\nAction Input: ", "Observation:", "<passage>", "```json\n", "`", '"', "\\", "\n", " ",
    "\n  <", f"{CALL} and ", f"{CALL}\n", 'search(query="x") ', '{"query": "x"}\n',
)  # fmt: skip


@pytest.mark.parametrize("part", LONG)
def test_a_hundred_thousand_characters_of_it_come_back(part: str) -> None:
    """In tenths of a second at most; with steps that grew with the square of the length, one alone takes minutes."""
    text = f"tea {part * (100_000 // len(part))} x"
    reply = normalise(AIMessage(text), SPECS, 1)
    assert len(reply.text) <= len(text)
    assert {call.name for call in reply.calls} <= {"search"}


@pytest.mark.parametrize(
    "lead_in",
    [
        "I will search for an example of brewing.",
        "Let me look for an example:",
        "The task asks for an example, so I need more passages.",
    ],
)
def test_a_call_behind_words_that_ask_for_an_example_is_meant(lead_in: str) -> None:
    assert [call.name for call in read(f"{lead_in}\n{MARKED}", SPECS).calls] == ["search"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Thought: I know it now.\nFinal Answer: 80 degrees [1].", "80 degrees [1]."),
        ("**Final Answer:** 80 degrees [1].", "80 degrees [1]."),
        ("The final answer: of the two, tea [1].", "The final answer: of the two, tea [1]."),
        ("80 degrees [1].\nFinal Answer:", "80 degrees [1].\nFinal Answer:"),
    ],
)
def test_a_final_answer_goes_without_its_label(text: str, answer: str) -> None:
    assert final_answer(text) == answer
