"""The policy with no language model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents import Evidence, fixed_policy
from agents.fixed.bridge import leads, next_query, rare_words
from agents.fixed.names import names
from agents.state import opening
from rag.passage import Passage
from tests.agents.small import PAGES, agent, policy_agent, says

FILM = Passage(
    1, "film.txt", None, "", 0, 90, "The Long Night is a film by Ada Moreau. It was shot in Oslo by Birk Lund."
)
OTHER = Passage(2, "other.txt", None, "", 0, 40, "Rope is sold in the shop.")


def test_it_searches_searches_again_reads_and_finishes() -> None:
    run = policy_agent(fixed_policy()).run("How is green tea brewed?")
    assert run.stop_reason == "answered"
    assert [step.calls[0].name for step in run.steps] == ["search", "search", "read", "finish"]
    assert run.steps[0].calls[0].arguments == {"query": "How is green tea brewed?"}
    assert run.steps[2].calls[0].arguments == {"file": "tea.md"}
    assert run.answer.citations[0].file == "tea.md"


def test_the_second_search_reaches_what_only_the_first_hit_names() -> None:
    run = policy_agent(fixed_policy()).run("Whom to ring when the kettle leaks?")
    assert "call Birk in Oslo" not in run.steps[0].observation
    assert "call Birk in Oslo" in run.steps[1].observation


def test_it_stops_where_nothing_is_found() -> None:
    run = policy_agent(fixed_policy()).run("zebra")
    assert (run.stop_reason, len(run.steps)) == ("not_in_documents", 2)


@pytest.mark.parametrize("cycles", [1, 2, 5, 10])
def test_it_keeps_to_the_limit_and_repeats_no_call(cycles: int) -> None:
    run = policy_agent(fixed_policy(searches=10), max_cycles=cycles).run("green tea kettle")
    calls = [str(step.calls[0]) for step in run.steps]
    assert len(run.steps) <= cycles + 1
    assert len(set(calls)) == len(calls)
    assert run.stop_reason in ("answered", "cycle_limit")


def test_it_makes_no_more_searches_than_it_may() -> None:
    run = policy_agent(fixed_policy(searches=1)).run("green tea kettle")
    assert [step.calls[0].name for step in run.steps] == ["search", "finish"]


def test_it_goes_on_with_a_run_that_a_model_began_badly() -> None:
    """Its wrong calls stand in the steps."""
    begun = agent(says("I do not know."), says("", ("search", {})), RuntimeError("gone"), max_cycles=9).run("green tea")
    state = replace(opening("green tea", "system"), steps=begun.steps, messages=begun.messages)
    message = fixed_policy()(state)
    assert message.tool_calls[0]["args"] == {"query": "green tea"}
    later = replace(state, searched=True, evidence=Evidence(PAGES[:2]))
    assert fixed_policy()(later).tool_calls


def test_names_are_found_and_what_only_begins_a_sentence_is_none() -> None:
    text = "The Long Night is a film by Ada Moreau. Ropes are sold in New York. Then it rains."
    assert [name for name, _ in names(text)] == ["Long Night", "Ada Moreau", "New York"]


def test_a_name_ends_with_a_heading_and_goes_on_over_a_broken_line() -> None:
    text = (
        "Notice\nEither of them\n\nPresent\nHugo Marsh and Ada\nA line as long as the page is names Orchard\nHoldings."
    )
    assert [name for name, _ in names(text)] == ["Hugo Marsh and Ada", "Orchard Holdings"]


def test_a_cell_of_a_table_may_be_a_name() -> None:
    assert [name for name, _ in names("Port | Keeper\nOst | Lindqvist")] == ["Keeper", "Lindqvist"]


def test_a_label_is_no_name() -> None:
    assert [name for name, _ in names("The Owner: Ada Moreau; Port of Ost: open")] == ["Ada Moreau", "Port of Ost"]


def test_where_a_name_begins_is_told_in_the_text_as_it_is() -> None:
    text = "Lease\n\nThe house of Ada Moreau\nand of Hugo Marsh."
    assert [text[start:].startswith(name) for name, start in names(text)] == [True, True]


def test_leads_are_names_of_the_task_that_nothing_is_about_then_those_that_the_passages_bring() -> None:
    assert leads("Where was the director of The Long Night born?", [FILM, OTHER]) == ["Ada Moreau", "Oslo", "Birk Lund"]
    asked = "Which is older, Ada Moreau or Kasimir Welt?"
    assert leads(asked, [FILM])[:2] == ["Ada Moreau", "Kasimir Welt"]


def test_a_query_takes_two_names_and_what_the_best_passage_lacks() -> None:
    task = "Where was the director of The Long Night born?"
    first = next_query(task, [FILM, OTHER], [task])
    assert first == "Ada Moreau Oslo director born"
    second = next_query(task, [FILM, OTHER], [task, first])
    assert second == "Birk Lund director born"


def test_without_names_the_rare_words_of_the_best_hit_lead_on() -> None:
    assert next_query("what is sold", [OTHER], ["what is sold"]) == "rope shop"
    assert next_query("what is sold", [OTHER], ["what is sold", "rope shop"]) is None


def test_rare_words_are_those_of_the_fewest_passages_that_the_task_lacks() -> None:
    assert rare_words(PAGES[2], PAGES, "the kettle", 3) == ["kettles", "holds", "hour"]
