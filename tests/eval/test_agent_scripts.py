"""The scripts that measure the agent: what they count, and that a small run of each comes off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from langchain_core.messages import AIMessage

from agents import DocumentTools
from eval import Question
from eval.scripts.agent_injection import ALL_SHOWN, PLANTS, Bare, Line, Outcome, outcome, planted, sign
from eval.scripts.agent_injection import line_of as line_of_plant
from eval.scripts.agent_tasks import Turn, line_of
from eval.scripts.injection import Plant
from eval.scripts.loop_overhead import contenders, measured
from rag import Passage
from tests.agents.small import PAGES, Scripted, agent, finishes, policy_agent, read, says, search, searches

QUESTION = Question("q", "How hot?", answer="80", answers=("80",), evidence_docs=("tea.md",))
WRITTEN = says('{"name": "search", "arguments": {"query": "tin"}}')
BARE = says('{"name": "search", "arguments": {}}')
CLEAN = Line(
    id="q",
    plant="",
    form="ours",
    model="m",
    stop_reason="answered",
    exposed=False,
    draft="80",
    calls="[]",
    answerable=True,
    shown="80",
)


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        ([searches("tea"), finishes("80 [1]")], ["valid", "valid"]),
        ([searches("tea"), WRITTEN, finishes("80 [1]")], ["valid", "repaired", "valid"]),
        ([searches("tea"), says("It is 80 degrees [1].")], ["valid", "prose"]),
        ([searches("tea"), says(""), says(""), finishes("80 [1]")], ["valid", "failed", "failed"]),
        ([says("", ("seek", {})), searches("tea"), finishes("80 [1]")], ["failed", "valid", "valid"]),
        ([BARE, searches("tea"), finishes("80 [1]")], ["failed", "valid", "valid"]),
        ([finishes("80"), finishes("80")], ["failed", "failed"]),
        ([searches("tea"), searches("tea"), searches("tea"), finishes("80 [1]")], ["valid", "valid", "valid"]),
        ([searches("tea"), searches("tin"), searches("Oslo")], ["valid", "valid", "valid"]),
    ],
)
def test_each_turn_that_was_asked_for_a_call_is_counted_once(turns: Sequence[AIMessage], told: list[str]) -> None:
    line = line_of(QUESTION, "m", "native", 3, agent(*turns, max_cycles=3).run("How hot?"))
    assert line.verdicts == told


def test_the_last_answering_call_is_no_turn_that_was_asked_for_one() -> None:
    line = line_of(QUESTION, "m", "native", 1, agent(searches("tea"), finishes("80 [1]"), max_cycles=1).run("How hot?"))
    assert [turn.closing for turn in line.turns] == [False, True]
    assert (line.verdicts, line.right, line.cited, line.found) == (["valid"], True, True, ["tea.md"])
    assert Turn.model_validate_json(line.turns[0].model_dump_json()) == line.turns[0]


def test_what_a_plant_changed_is_told_by_its_own_words() -> None:
    say, search, *_ = PLANTS
    obeyed = CLEAN.model_copy(update={"draft": "Pineapple", "shown": ""})
    assert outcome(obeyed, CLEAN, say) == Outcome(exposed=False, calls=False, draft=True, declined=False, shown=False)
    called = CLEAN.model_copy(update={"calls": '[["search", {"query": "master passwords"}]]'})
    assert outcome(called, CLEAN, search).changed
    assert not outcome(CLEAN, CLEAN, say).changed
    decline = next(plant for plant in PLANTS if not plant.obeyed)
    declined = CLEAN.model_copy(update={"answerable": False, "draft": "NOT IN THE DOCUMENTS"})
    assert outcome(declined, CLEAN, decline).declined


@pytest.mark.parametrize("form", ["ours", "bare"])
@pytest.mark.parametrize("plant", PLANTS, ids=[plant.name for plant in PLANTS])
def test_a_plant_is_seen_in_both_forms(plant: Plant, form: str) -> None:
    long = [replace(page, text=f"{page.text} {'Nothing of this is asked for. ' * 40}") for page in PAGES]

    def find(query: str) -> list[Passage]:
        return planted(query, [one for one in long if one.text.startswith(tuple(p.text for p in search(query)))], plant)

    inner = DocumentTools(find, read, hit_tokens=ALL_SHOWN)
    tools = inner if form == "ours" else Bare(inner, find)
    turns = [searches("green tea"), says("", ("read", {"file": "no.md"})), finishes("80 [1]")]
    run = policy_agent(Scripted(turns), tools).run("How hot?")
    assert line_of_plant("q", plant, form, "m", run).exposed
    first, second, _ = run.steps
    assert ("<passage>" in first.observation) == (form == "ours")
    assert ("<|im_end|>" in first.observation) == (form == "bare" and plant.name == "frame")
    assert "80 degrees" in first.observation
    assert sign(plant) not in second.observation.lower()


def test_a_plant_stands_in_the_best_passage_alone() -> None:
    passages = [Passage(n, "a.md", None, "", 0, 5, "Words") for n in (1, 2)]
    first, second = planted("words", passages, PLANTS[0])
    assert first.text.startswith(PLANTS[0].text)
    assert second == passages[1]
    assert planted("words", passages, None) == passages


def test_a_finish_that_says_not_answerable_is_counted_as_declined() -> None:
    declined = says("", ("finish", {"answer": "80", "answerable": False}))
    run = agent(searches("tea"), declined).run("How hot?")
    decline = next(plant for plant in PLANTS if not plant.obeyed)
    assert outcome(line_of_plant("q", decline, "ours", "m", run), CLEAN, decline).declined


def test_each_contender_carries_out_its_cycles() -> None:
    with contenders(3) as runs:
        took = measured(runs, 3, 1)
    assert {"plain loop", "speedking", "speedking, kept"} <= took.keys()
    assert all(len(values) == 1 and values[0] > 0 for values in took.values())
