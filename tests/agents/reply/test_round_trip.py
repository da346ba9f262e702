"""Whatever a text is, a call with it comes through in every form that can hold it; no text whatever raises."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from agents.reply.normalise import normalise
from agents.reply.written import read
from agents.tools.call import Call
from tests.agents.small import SPECS

ANY = settings(max_examples=100, deadline=None, derandomize=True)
MARKS = (
    "{", "}", "{{", "[", "]", "(", ")", '"', "'", "\\", "\n", "`", "```json\n", ">", ":", ",", "search", "finish",
    "browse", "query", "<", "</", "<tool_call>", "</tool_call>", "<function=search>", "<parameter=query>", "<search>",
    "</parameter>", "</search>", "[TOOL_CALLS]", "<|python_tag|>", "to=functions.", "<|channel|>analysis<|message|>",
    "<|end|>", "<passage>", "Action: ", "Action Input: ", "Observation: ", "<think>", "</think>", "<arg_key>",
    "<｜tool▁call▁begin｜>",
    '{"name": "search", "arguments": ', '{"query": "tea"}', 'search(query="tea")', "\ud83d", "é", "80 degrees [1].",
)  # fmt: skip
PIECES = st.lists(st.sampled_from(MARKS) | st.text(max_size=6), max_size=12).map("".join)

HELD: dict[str, Callable[[str], str]] = {
    "JSON": lambda text: json.dumps({"name": "search", "arguments": {"query": text}}),
    "JSON, its characters as they are": lambda text: json.dumps(
        {"name": "search", "arguments": {"query": text}}, ensure_ascii=False
    ),
    "JSON in JSON": lambda text: json.dumps({"name": "search", "arguments": json.dumps({"query": text})}),
    "a dict of Python": lambda text: repr({"name": "search", "arguments": {"query": text}}),
    "Python": lambda text: f"search(query={text!r})",
    "Python in a list": lambda text: f"[search({text!r})]",
    "Mistral": lambda text: f"[TOOL_CALLS]search{json.dumps({'query': text})}",
    "Llama": lambda text: f"<function=search>{json.dumps({'query': text})}</function>",
    "DeepSeek": lambda text: (
        f"<｜tool▁call▁begin｜>search<｜tool▁sep｜>{json.dumps({'query': text})}<｜tool▁call▁end｜>"
    ),
    "gpt-oss": lambda text: (
        f"<|channel|>commentary to=functions.search <|message|>{json.dumps({'query': text})}<|call|>"
    ),
    "ReAct": lambda text: f"Action: search\nAction Input: {json.dumps({'query': text})}",
}
BARE: dict[str, Callable[[str], str]] = {
    "Qwen3-Coder": lambda text: f"<function=search>\n<parameter=query>\n{text}\n</parameter>\n</function>",
    "invoke": lambda text: f'<invoke name="search">\n<parameter name="query">\n{text}\n</parameter>\n</invoke>',
    "the tool as a tag": lambda text: f"<search>\n<query>\n{text}\n</query>\n</search>",
    "GLM": lambda text: f"<tool_call>search\n<arg_key>query</arg_key>\n<arg_value>\n{text}\n</arg_value>\n</tool_call>",
}
WHOLE = PIECES.filter(lambda text: "\ud83d" not in text)


@pytest.mark.parametrize("form", HELD.values(), ids=HELD.keys())
@ANY
@given(text=WHOLE)
def test_any_string_comes_through_in_a_form_with_escapes(form: Callable[[str], str], text: str) -> None:
    assert read(form(text), SPECS).calls == (Call("search", {"query": text}),)


@pytest.mark.parametrize("form", BARE.values(), ids=BARE.keys())
@ANY
@given(text=WHOLE.filter(lambda text: "</" not in text))
def test_any_text_without_closing_tags_comes_through_between_tags(form: Callable[[str], str], text: str) -> None:
    assert read(form(text), SPECS).calls == (Call("search", {"query": text}),)


@settings(ANY, max_examples=600)
@given(PIECES)
def test_no_text_raises_and_only_known_tools_are_called(text: str) -> None:
    reply = normalise(AIMessage(text), SPECS, 1)
    assert {call.name for call in reply.calls} <= {spec.name for spec in SPECS}
    assert reply.repaired == bool(reply.calls)
    again = normalise(reply.message, SPECS, 1)
    assert (again.calls, again.call_ids, again.text, again.thought) == (
        reply.calls,
        reply.call_ids,
        reply.text,
        reply.thought,
    )


@ANY
@given(st.lists(st.sampled_from([None, "", "a", "call-1-1", "call-1-2", "call-1-3"]), max_size=4))
def test_every_call_has_an_id_of_its_own(ids: list[str | None]) -> None:
    calls = [{"name": "search", "args": {"query": "x"}, "id": call_id} for call_id in ids]
    told = normalise(AIMessage("", tool_calls=calls), SPECS, 1).call_ids
    assert len(set(told)) == len(ids)
    assert all(told)


@ANY
@given(st.lists(st.sampled_from(["text", "thinking", "reasoning", "image", ""]), max_size=4), PIECES)
def test_no_blocks_of_content_raise(kinds: list[str], text: str) -> None:
    blocks: list[str | dict[str, object]] = [{"type": kind, kind or "x": text} for kind in kinds]
    reply = normalise(AIMessage(content=[*blocks, {"type": "text"}, text]), SPECS, 1)
    assert text.strip() or not reply.calls
