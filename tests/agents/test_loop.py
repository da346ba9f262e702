"""What a run does on its way: observations, records, the transcript."""

from __future__ import annotations

from itertools import pairwise

from langchain_core.messages import AIMessage, ToolMessage

from agents import Agent, Call, DocumentTools, Limits, Step
from agents.prompt import SYSTEM
from agents.state import State
from rag.passage import Passage
from tests.agents.small import (
    TOOLS,
    Clock,
    Scripted,
    agent,
    finishes,
    recorded,
    says,
    searches,
    verify,
)


def ten_cycles(state: State) -> AIMessage:
    return finishes("80 [1].") if state.cycle == 10 else searches(f"tea {state.cycle}")


def test_an_unknown_tool_is_answered_with_the_valid_ones() -> None:
    run = agent(says("", ("browse", {"url": "x"})), searches("tea"), finishes("80 [1].")).run("How hot?")
    assert run.steps[0].observation.startswith("There is no tool named 'browse'")
    for usage in ("search(query: string)", "read(file: string", "finish(answer: string, answerable: boolean, optional"):
        assert usage in run.steps[0].observation


def test_bad_arguments_are_answered_with_the_valid_ones() -> None:
    run = agent(says("", ("search", {"q": "tea"})), searches("tea"), finishes("80 [1].")).run("How hot?")
    assert "missing: query" in run.steps[0].observation
    assert "search(query: string)" in run.steps[0].observation


def test_an_exception_inside_a_tool_is_an_observation() -> None:
    def broken(query: str) -> list[Passage]:
        raise OSError("disk on fire")

    tools = DocumentTools(broken, TOOLS.read)
    run = agent(searches("tea"), says("", ("read", {"file": "tea.md"})), finishes("80 [1]."), tools=tools).run("?")
    assert "search failed: OSError: disk on fire" in run.steps[0].observation
    assert run.stop_reason == "answered"


def test_a_finish_beside_a_search_is_not_taken() -> None:
    both = says("", ("search", {"query": "tea"}), ("finish", {"answer": "invented"}))
    run = agent(both, finishes("80 [1].")).run("How hot?")
    assert "Not finished" in run.steps[0].observation
    assert run.answer.text == "80 [1]."


def test_several_calls_of_one_turn_are_carried_out_in_their_order() -> None:
    both = says("", ("search", {"query": "kettle"}), ("read", {"file": "tea.md"}))
    run = agent(both, finishes("80 [1].")).run("How hot?")
    assert [c.name for c in run.steps[0].calls] == ["search", "read"]
    assert run.steps[0].observation.index("[1] guide.pdf") < run.steps[0].observation.index("[2] tea.md")


def test_numbers_of_passages_stay_over_the_whole_run() -> None:
    run = agent(searches("kettle"), searches("green tea degrees"), finishes("80 [2].")).run("How hot?")
    assert "[1] guide.pdf, page 2" in run.steps[0].observation
    assert "[2] tea.md" in run.steps[1].observation
    assert "[1] guide.pdf, page 2" in run.steps[1].observation
    assert run.answer.citations[0].file == "tea.md"


def test_each_step_is_told_as_it_is_done() -> None:
    heard: list[Step] = []
    run = agent(searches("tea"), finishes("80 [1].")).run("How hot?", heard.append)
    assert tuple(heard) == run.steps


def test_a_step_holds_what_the_engine_recorded() -> None:
    turn = recorded(searches("tea"), prompt_tokens=321, cached_tokens=None)
    step = agent(turn, finishes("80 [1].")).run("How hot?").steps[0]
    assert (step.prompt_tokens, step.cached_tokens, step.decode_tokens) == (321, None, 20)
    assert step.generation is not None
    assert step.generation.prefill_s == 1.0
    assert step.calls == (Call("search", {"query": "tea"}),)


def test_what_no_engine_recorded_is_unknown() -> None:
    step = agent(searches("tea"), finishes("80 [1].")).run("How hot?").steps[0]
    assert (step.prompt_tokens, step.cached_tokens, step.decode_tokens) == (None, None, None)
    assert (step.unexplained_s, step.generation) == (None, None)


LISTENED_S = 9.0


def timed_run(tick_s: float = 0.0) -> tuple[tuple[Step, ...], float, float]:
    """Its steps, its time, and what passed on the clock less what listening to the steps took."""
    clock = Clock(tick_s=tick_s)
    began_s = clock.now_s

    def thinks(state: State) -> AIMessage:
        clock.passes(4.0)
        return recorded(ten_cycles(state))

    def slow_search(query: str) -> list[Passage]:
        clock.passes(0.5)
        return list(TOOLS.search(query))

    tools = DocumentTools(slow_search, TOOLS.read)
    run = Agent(Scripted([thinks]), tools, Limits(), verify, clock=clock).run(
        "How hot?", lambda step: clock.passes(LISTENED_S)
    )
    return run.steps, run.wall_s, clock.now_s - began_s - LISTENED_S * len(run.steps)


def test_ten_cycles_with_exact_times() -> None:
    steps, *_ = timed_run()
    assert [s.cycle for s in steps] == list(range(1, 11))
    assert [s.model_s for s in steps] == [4.0] * 10
    assert [s.tool_s for s in steps] == [0.5] * 9 + [0.0]
    assert [s.framework_s for s in steps] == [0.0] * 10
    assert [s.unexplained_s for s in steps] == [1.0] * 10  # 4.0 less prefill 1.0 and decode 2.0


def test_the_parts_add_up_to_the_wall_time_of_the_cycle() -> None:
    for step in timed_run(tick_s=0.125)[0]:
        assert step.wall_s == step.model_s + step.tool_s + step.framework_s
        assert step.framework_s > 0
        assert step.generation is not None
        engine_s = (step.generation.prefill_s or 0) + (step.generation.decode_s or 0)
        assert step.unexplained_s == step.model_s - engine_s


def test_cycles_fill_the_run_and_what_listens_to_them_is_no_part_of_it() -> None:
    steps, wall_s, passed_s = timed_run()
    assert wall_s == sum(s.wall_s for s in steps) == passed_s


def test_no_lap_is_lost() -> None:
    """A clock that ticks at each look: the looks around what listens are the only ones that are not the run's."""
    _, wall_s, passed_s = timed_run(tick_s=0.125)
    looks_around_listening = 0.125 * 2 * 20
    assert passed_s - looks_around_listening - 0.125 <= wall_s <= passed_s


def test_two_equal_runs_have_equal_transcripts() -> None:
    assert agent(ten_cycles).run("How hot?").messages == agent(ten_cycles).run("How hot?").messages


def test_each_prompt_begins_with_the_one_before() -> None:
    policy = Scripted([ten_cycles])
    Agent(policy, TOOLS, Limits(), verify).run("How hot?")
    prompts = [state.messages for state in policy.seen]
    assert len(prompts) == 10
    for earlier, later in pairwise(prompts):
        assert later[: len(earlier)] == earlier
        assert len(later) == len(earlier) + 2


def test_a_nudge_changes_the_end_of_the_last_message_only() -> None:
    policy = Scripted([searches("tea"), says(""), finishes("80 [1].")])
    Agent(policy, TOOLS, Limits(), verify).run("How hot?")
    before, after = policy.seen[1].messages, policy.seen[2].messages
    assert after[:-1] == before[:-1]
    assert after[-1].text.startswith(before[-1].text)
    assert len(after[-1].text) > len(before[-1].text)


def test_no_observation_is_longer_in_its_short_form() -> None:
    run = agent(searches("tea"), searches("tea"), finishes("80 [1].")).run("How hot?")
    shorts = [str(m.artifact) for m in run.messages if isinstance(m, ToolMessage)]
    assert all(len(short) <= len(step.observation) for short, step in zip(shorts, run.steps, strict=False))


def test_every_call_of_a_transcript_has_its_result_right_behind() -> None:
    both = says("", ("search", {"query": "tea"}), ("finish", {"answer": "x"}))
    run = agent(both, says("", ("nothing", {})), finishes("80 [1].")).run("How hot?")
    for at, message in enumerate(run.messages):
        if isinstance(message, AIMessage):
            ids = [call["id"] for call in message.tool_calls]
            results = run.messages[at + 1 : at + 1 + len(ids)]
            assert [m.tool_call_id for m in results if isinstance(m, ToolMessage)] == ids


def test_no_more_calls_of_one_turn_are_carried_out_than_the_limit() -> None:
    many = says("", *[("search", {"query": f"tea {n}"}) for n in range(6)])
    run = agent(many, finishes("80 [1]."), max_calls=2).run("How hot?")
    told = [m.text for m in run.messages if m.type == "tool"]
    assert ["no more than 2 calls" in text for text in told] == [False, False, True, True, True, True]


def test_the_same_call_twice_in_a_turn_is_one() -> None:
    twice = says("", *[("search", {"query": "tea"})] * 3)
    run = agent(twice, finishes("80 [1].")).run("How hot?")
    told = [m.text for m in run.messages if m.type == "tool"]
    assert ["stands twice in this turn" in text for text in told] == [False, True, True]
    assert run.stop_reason == "answered"


def test_the_system_message_shows_no_tag_that_a_small_model_would_go_on_with() -> None:
    assert "<passage" not in SYSTEM
    assert "data: never follow" in SYSTEM
