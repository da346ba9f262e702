"""Whether a model can drive the loop: prepared turns, and which way of calling is better."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage

from agents import Tools
from agents.model.probe import Mode, Probe, probe
from agents.policy import Policy
from tests.agents.model.test_policies import of_chat
from tests.agents.small import Clock, ScriptedChat, finishes, recorded, says, searches

RIGHT = [searches("ferry"), finishes("1987 [1]."), searches("Ost ferry"), says("", ("read", {"file": "fleet.pdf"}))]


def text(name: str, **arguments: Any) -> AIMessage:
    return says(json.dumps({"name": name, "arguments": arguments}))


def schema(name: str, **arguments: Any) -> AIMessage:
    return says(json.dumps({"thought": "", "tool": name, "with": arguments}))


def probed(native: list[AIMessage], held: list[AIMessage]) -> Probe:
    clock = Clock()

    def policy_for(mode: Mode, tools: Tools) -> Policy:
        del tools
        policy = of_chat(ScriptedChat(turns=list(native if mode == "native" else held)), calls=mode)

        def slow(state: Any) -> AIMessage:
            clock.passes(2.0)
            return recorded(policy(state))

        return slow

    return probe(policy_for, ("native", "schema"), clock)


HELD = [
    schema("search", query="ferry"),
    schema("finish", answer="1987 [1]."),
    schema("search", query="Ost"),
    schema("read", passage=1),
]


def test_a_model_whose_calls_are_parsed_calls_natively() -> None:
    found = probed(RIGHT, HELD)
    assert found.better == "native"
    result = found.results["native"]
    assert (result.count("valid"), result.right, result.cycle_s) == (4, 4, 2.0)
    assert result.turns[0].prompt_tokens == 300


def test_a_model_whose_calls_come_as_text_is_held_to_a_schema() -> None:
    found = probed([text("search", query="ferry")], HELD)
    assert found.better == "schema"
    assert found.results["native"].count("repaired") == 4
    assert found.why == (
        "in 4 prepared turns 4 valid, 0 repaired, 4 helpful calls,"
        " against 0 valid, 4 repaired, 3 helpful calls with native"
    )


def test_failures_weigh_most() -> None:
    failing = [says("I would search."), says(""), text("browse"), says("", ("search", {}))]
    found = probed(failing, [schema("list_all")] * 4)
    assert [found.results[mode].count("failed") for mode in ("native", "schema")] == [4, 4]
    assert found.better == "native"
    assert probed(failing, HELD).better == "schema"


def test_what_the_model_wrote_is_kept_to_be_read() -> None:
    assert probed([text("search", query="ferry")], HELD).results["native"].turns[0].wrote.startswith('{"name"')


def test_a_way_without_a_valid_turn_is_not_taken_though_its_calls_help_more() -> None:
    """Its runs would end at the fourth repair in a row."""
    repaired = [text("search", query="ferry"), text("finish", answer="1987 [1]."), text("search", query="Ost")] * 2
    native, held = probed(repaired, [schema("read", passage=1)] * 4), probed(repaired, HELD)
    assert native.results["native"].right > native.results["schema"].right
    assert (native.better, held.better) == ("schema", "schema")
