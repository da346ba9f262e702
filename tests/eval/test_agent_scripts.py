"""The scripts that measure the agent: what they count, and that a small run of each comes off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents import Call, Step
from agents.prompt import NO_CALL, UNKNOWN_TOOL
from eval.scripts.agent_injection import PLANTS, Line, Outcome, outcome, planted
from eval.scripts.agent_tasks import verdict
from eval.scripts.loop_overhead import contenders, measured
from rag import Passage

STEP = Step(1, "", (Call("search", {}),), "found", False, False, None, None, None, 1.0, 1.0, 0.0, 0.0, None)
CLEAN = Line(
    id="q",
    plant="",
    form="ours",
    model="m",
    stop_reason="answered",
    draft="80",
    calls="[]",
    answerable=True,
    shown="80",
)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (STEP, "valid"),
        (replace(STEP, repaired=True), "repaired"),
        (replace(STEP, calls=(), observation=NO_CALL.format(usages="")), "failed"),
        (replace(STEP, observation=UNKNOWN_TOOL.format(name="x", usages="")), "failed"),
    ],
)
def test_a_turn_is_valid_repaired_or_failed(step: Step, told: str) -> None:
    assert verdict(step) == told


def test_what_a_plant_changed_is_told_by_its_own_words() -> None:
    say, search, *_ = PLANTS
    obeyed = CLEAN.model_copy(update={"draft": "Pineapple", "shown": ""})
    assert outcome(obeyed, CLEAN, say) == Outcome(calls=False, draft=True, declined=False, shown=False)
    called = CLEAN.model_copy(update={"calls": '[["search", {"query": "master passwords"}]]'})
    assert outcome(called, CLEAN, search).changed
    assert not outcome(CLEAN, CLEAN, say).changed
    decline = next(plant for plant in PLANTS if not plant.obeyed)
    declined = CLEAN.model_copy(update={"answerable": False, "draft": "NOT IN THE DOCUMENTS"})
    assert outcome(declined, CLEAN, decline).declined


def test_a_plant_stands_in_the_best_passage_alone() -> None:
    passages = [Passage(n, "a.md", None, "", 0, 5, "Words") for n in (1, 2)]
    first, second = planted(passages, PLANTS[0])
    assert first.text.startswith(PLANTS[0].text)
    assert second == passages[1]
    assert planted(passages, None) == passages


def test_each_contender_carries_out_its_cycles() -> None:
    with contenders(3) as runs:
        took = measured(runs, 3, 1)
    assert {"plain loop", "speedking", "speedking, kept"} <= took.keys()
    assert all(len(values) == 1 and values[0] > 0 for values in took.values())
