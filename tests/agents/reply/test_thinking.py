"""What is thought and what is said."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage

from agents.reply.normalise import normalise
from agents.reply.thinking import apart
from tests.agents.small import SPECS

CALL = '{"name": "search", "arguments": {"query": "green tea"}}'

THOUGHTS = {
    "a block": "<think>hm</think>80 degrees.",
    "a block of Magistral": "[THINK]hm[/THINK]80 degrees.",
    "a block whose opening the template wrote": "hm\n</think>\n\n80 degrees.",
    "gpt-oss": (
        "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>80 degrees.<|return|>"
    ),
    "gpt-oss, marks lost": "analysishmassistantfinal80 degrees.",
}


@pytest.mark.parametrize("text", THOUGHTS.values(), ids=THOUGHTS.keys())
def test_thinking_is_told_apart_from_what_is_said(text: str) -> None:
    spoken = apart(text)
    assert (spoken.text, spoken.thinking) == ("80 degrees.", ("hm",))


@pytest.mark.parametrize("text", [f"<think>{CALL}</think>80.", f"{CALL}</think>80.", f"<think>\n{CALL}", "<think>"])
def test_a_call_inside_thinking_is_none(text: str) -> None:
    reply = normalise(AIMessage(text), SPECS, 1)
    assert (reply.calls, reply.malformed) == ((), False)


def test_a_call_behind_thinking_is_one() -> None:
    reply = normalise(AIMessage(f"<think>hm</think>\n{CALL}"), SPECS, 1)
    assert (len(reply.calls), reply.thought, reply.message.content) == (1, "hm", "")


def test_a_call_of_gpt_oss_behind_its_analysis_is_one() -> None:
    text = (
        f"<|channel|>analysis<|message|>{CALL}<|end|><|start|>assistant<|channel|>commentary to=functions.search "
        '<|constrain|>json<|message|>{"query": "green tea"}<|call|>'
    )
    reply = normalise(AIMessage(text), SPECS, 1)
    assert (len(reply.calls), reply.text, reply.thought) == (1, "", CALL)


def test_prose_that_names_the_tag_is_not_cut() -> None:
    assert apart("Models write <think> first.").text == "Models write <think> first."


def test_thinking_in_blocks_of_the_content_is_thought() -> None:
    blocks: list[str | dict[str, str]] = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "80."}]
    reply = normalise(AIMessage(content=blocks), SPECS, 1)
    assert (reply.thought, reply.text) == ("hm\n80.", "80.")
