"""Runs that are killed, kept, resumed; tools that need a person's word; the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.sqlite import SqliteSaver

from agents import Agent, AgentRun, Call, Evidence, Limits, Observation, Step, ToolSpec
from agents.events import Called
from agents.graph.saver import StateSerializer, async_sqlite_saver, sqlite_saver
from agents.policy import Policy
from agents.state import State, opening
from agents.tools.documents import SEARCH
from agents.tools.spec import Parameter
from inference.errors import EngineUnavailableError, UsageError
from rag.answer import Answer
from rag.passage import Passage
from tests.agents.small import TOOLS, Clock, Scripted, finishes, recorded, says, searches, verify

POST = ToolSpec("post", "Send a text.", (Parameter("text", "string", "It"),), read_only=False)


class Killed(BaseException):
    """What no handler of the run catches: as if the process had died."""


class Mail:
    """Search, and a tool that changes something; it may die while it works."""

    def __init__(self, dies: int = 0) -> None:
        self.sent: list[str] = []
        self.dies = dies

    @property
    def specs(self) -> Sequence[ToolSpec]:
        return SEARCH, POST

    def run(self, call: Call, evidence: Evidence) -> Observation:
        if call.name == SEARCH.name:
            return TOOLS.run(call, evidence)
        self.sent.append(str(call.arguments["text"]))
        if len(self.sent) <= self.dies:
            raise Killed
        return Observation("sent", evidence)


def ten_cycles(state: State) -> AIMessage:
    if state.cycle == 10:
        return recorded(finishes("80 [1]."))
    return recorded(searches(f"tea kettle {state.cycle}"))


def dying(policy: Policy, at: set[int]) -> Policy:
    """Dies once in each of these cycles."""

    def mortal(state: State) -> AIMessage:
        if state.cycle in at:
            at.discard(state.cycle)
            raise Killed
        return policy(state)

    return mortal


def lived(agent: Agent, run_id: str) -> AgentRun:
    """Run, and resumed as often as it dies."""
    try:
        return agent.run("How hot?", run_id=run_id)
    except Killed:
        while True:
            try:
                return agent.resume(run_id)
            except Killed:
                continue


def test_a_run_killed_in_any_cycle_goes_on_to_the_same_answer(tmp_path: Path) -> None:
    whole = Agent(ten_cycles, TOOLS, Limits(), verify, clock=Clock()).run("How hot?")
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        for cycle in range(1, 11):
            agent = Agent(dying(ten_cycles, {cycle}), TOOLS, Limits(), verify, clock=Clock(), saver=saver)
            run = lived(agent, f"run-{cycle}")
            assert replace(run, run_id="") == replace(whole, run_id="")


def test_a_run_goes_on_in_another_process_with_another_connection(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    for _ in range(3):
        with sqlite_saver(path) as saver:
            agent = Agent(dying(ten_cycles, {4}), TOOLS, Limits(), verify, saver=saver)
            with pytest.raises(Killed):
                agent.run("How hot?", run_id="one")
    with sqlite_saver(path) as saver:
        run = Agent(ten_cycles, TOOLS, Limits(), verify, saver=saver).resume("one")
    assert (run.task, run.stop_reason, len(run.steps)) == ("How hot?", "answered", 10)


def test_only_the_call_in_flight_is_made_again(tmp_path: Path) -> None:
    asked = Scripted([ten_cycles])
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        lived(Agent(dying(asked, {3, 7}), TOOLS, Limits(), verify, saver=saver), "one")
    assert [state.cycle for state in asked.seen] == list(range(1, 11))


def test_a_run_whose_engine_failed_goes_on_when_it_is_back(tmp_path: Path) -> None:
    gone = EngineUnavailableError("no server at port 1", next_step="start it")
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        policy = Scripted([searches("tea"), gone, finishes("80 [1].")])
        agent = Agent(policy, TOOLS, Limits(), verify, saver=saver)
        assert agent.run("How hot?", run_id="one").stop_reason == "engine_error"
        run = agent.resume("one")
    assert (run.stop_reason, run.error, run.answer.text, len(run.steps)) == ("answered", None, "80 [1].", 2)


def test_a_run_that_had_ended_is_returned_as_it_ended(tmp_path: Path) -> None:
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        policy = Scripted([searches("tea"), finishes("80 [1].")])
        agent = Agent(policy, TOOLS, Limits(), verify, saver=saver)
        run = agent.run("How hot?", run_id="one")
        assert agent.resume("one") == run
    assert len(policy.seen) == 2


def test_an_id_that_is_not_kept_is_an_error_that_names_it(tmp_path: Path) -> None:
    with sqlite_saver(tmp_path / "runs.sqlite") as saver, pytest.raises(UsageError, match="'other'"):
        Agent(ten_cycles, TOOLS, Limits(), verify, saver=saver).resume("other")


def test_what_is_written_down_comes_back_in_its_types() -> None:
    state = Agent(ten_cycles, TOOLS, Limits(max_cycles=2), verify).run("How hot?")
    whole = replace(opening("How hot?", "Be kind."), steps=state.steps, messages=state.messages, answer=state.answer)
    serializer = StateSerializer()
    assert serializer.loads_typed(serializer.dumps_typed({"run": whole})) == {"run": whole}


def test_what_json_cannot_hold_does_not_end_a_run(tmp_path: Path) -> None:
    odd = says("", ("search", {"query": "tea"}), response_metadata={"made": object(), "share": float("nan")})
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        agent = Agent(Scripted([odd, finishes("80 [1].")]), TOOLS, Limits(), verify, saver=saver)
        assert agent.run("How hot?", run_id="one").stop_reason == "answered"


def posts() -> AIMessage:
    return says("", ("post", {"text": "80"}))


def writes() -> Scripted:
    return Scripted([lambda s: [searches("tea"), posts(), finishes("80 [1].")][min(s.cycle, 3) - 1]])


def test_a_tool_that_changes_something_is_declined_where_nobody_is_asked() -> None:
    mail = Mail()
    run = Agent(writes(), mail, Limits(), verify).run("How hot?")
    assert mail.sent == []
    assert "the person did not agree" in run.steps[1].observation
    assert run.stop_reason == "answered"


@pytest.mark.parametrize("agrees", [True, False])
def test_a_person_says_yes_or_no_to_each_call(agrees: bool) -> None:
    asked: list[tuple[Call, bool]] = []

    def approve(call: Call, again: bool) -> bool:
        asked.append((call, again))
        return agrees

    mail = Mail()
    run = Agent(writes(), mail, Limits(), verify, approve=approve).run("How hot?")
    assert asked == [(Call("post", {"text": "80"}), False)]
    assert mail.sent == (["80"] if agrees else [])
    assert run.stop_reason == "answered"


def test_the_time_a_person_takes_is_no_time_of_the_run() -> None:
    clock = Clock()

    def approve(call: Call, again: bool) -> bool:
        clock.passes(1_000)
        return True

    run = Agent(writes(), Mail(), Limits(wall_s=60), verify, approve=approve, clock=clock).run("How hot?")
    assert (run.stop_reason, run.wall_s) == ("answered", 0.0)


def test_a_changing_call_that_may_have_run_before_the_kill_is_asked_about_again(tmp_path: Path) -> None:
    asked: list[bool] = []

    def approve(call: Call, again: bool) -> bool:
        asked.append(again)
        return not again

    mail = Mail(dies=1)
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        agent = Agent(writes(), mail, Limits(), verify, saver=saver, approve=approve)
        run = lived(agent, "one")
    assert asked == [False, True]
    assert mail.sent == ["80"]
    assert "did not agree" in run.steps[1].observation


def two_posts() -> AIMessage:
    return says("", ("post", {"text": "first"}), ("post", {"text": "second"}))


def test_each_of_several_changing_calls_is_asked_about_and_none_that_had_returned_is_made_again(tmp_path: Path) -> None:
    asked: list[tuple[str, bool]] = []

    def approve(call: Call, again: bool) -> bool:
        asked.append((str(call.arguments["text"]), again))
        return True

    class Dies(Mail):
        def run(self, call: Call, evidence: Evidence) -> Observation:
            self.dies = 2 if call.arguments.get("text") == "second" and len(self.sent) == 1 else 0
            return super().run(call, evidence)

    turns = [searches("tea"), two_posts(), finishes("80 [1].")]
    mail = Dies()
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        policy = Scripted([lambda state: turns[min(state.cycle, 3) - 1]])
        run = lived(Agent(policy, mail, Limits(), verify, saver=saver, approve=approve), "one")
    assert asked == [("first", False), ("second", False), ("second", True)]
    assert mail.sent == ["first", "second", "second"]
    assert run.stop_reason == "answered"


def test_calls_of_a_turn_that_had_returned_are_not_made_again(tmp_path: Path) -> None:
    made: list[str] = []

    class Searching:
        specs = TOOLS.specs

        def run(self, call: Call, evidence: Evidence) -> Observation:
            made.append(str(call.arguments["query"]))
            if made == ["tea", "tin", "kettle"]:
                raise Killed
            return TOOLS.run(call, evidence)

    turn = says("", *(("search", {"query": query}) for query in ("tea", "tin", "kettle")))
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        policy = Scripted([lambda state: [turn, finishes("80 [1].")][min(state.cycle, 2) - 1]])
        run = lived(Agent(policy, Searching(), Limits(), verify, saver=saver), "one")
    assert made == ["tea", "tin", "kettle", "kettle"]
    assert len(run.steps[0].calls) == 3
    assert run.steps[0].observation.count("<passage>") >= 3


@pytest.mark.parametrize(
    "turn",
    [
        posts(),
        says("", ("post", {"words": "80"})),
        says("", *(("post", {"text": "80"}),) * 2),
        says("", *(("search", {"query": f"tea {n}"}) for n in range(4)), ("post", {"text": "81"})),
        says("", ("post", {"text": "81"}), response_metadata={"done_reason": "length"}),
    ],
    ids=["made before", "wrong arguments", "twice in a turn", "beyond the calls of a turn", "cut off"],
)
def test_nobody_is_asked_about_a_call_that_will_not_be_made(turn: AIMessage) -> None:
    asked: list[Call] = []

    def approve(call: Call, again: bool) -> bool:
        asked.append(call)
        return True

    mail = Mail()
    run = Agent(
        Scripted([searches("tea"), posts(), turn, finishes("80 [1].")]), mail, Limits(), verify, approve=approve
    )
    assert run.run("How hot?").stop_reason == "answered"
    assert [str(call.arguments["text"]) for call in asked] == ["80"]
    assert mail.sent == ["80"]


def test_nobody_is_asked_about_a_call_of_the_last_answering_turn() -> None:
    asked: list[Call] = []

    def approve(call: Call, again: bool) -> bool:
        asked.append(call)
        return True

    mail = Mail()
    policy = Scripted([searches("tea"), posts()])
    Agent(policy, mail, Limits(max_cycles=1), verify, approve=approve).run("How hot?")
    assert (asked, mail.sent) == ([], [])


def test_who_said_no_may_say_yes_when_asked_again() -> None:
    said = iter([False, True])
    mail = Mail()
    policy = Scripted([searches("tea"), posts(), posts(), finishes("80 [1].")])
    run = Agent(policy, mail, Limits(), verify, approve=lambda call, again: next(said)).run("How hot?")
    assert mail.sent == ["80"]
    assert "did not agree" in run.steps[1].observation
    assert run.steps[2].observation == "sent"


def test_a_call_with_a_number_that_no_store_holds_is_asked_about(tmp_path: Path) -> None:
    """What is asked is not written down beside the state: msgpack ends at 64 bits."""
    odd = says("", ("post", {"text": 10**20}))
    mail = Mail()
    policy = Scripted([searches("tea"), odd, finishes("80 [1].")])
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        agent = Agent(policy, mail, Limits(), verify, saver=saver, approve=lambda call, again: True)
        assert agent.run("How hot?").stop_reason == "answered"
    assert mail.sent == [str(10**20)]


def test_a_resumed_run_is_not_held_to_the_seconds_of_the_one_that_was_stopped(tmp_path: Path) -> None:
    policy = Scripted([searches("tea"), KeyboardInterrupt(), finishes("80 [1].")])
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        limited = Agent(policy, TOOLS, Limits(wall_s=60), verify, saver=saver)
        assert limited.run("How hot?", run_id="one").stop_reason == "cancelled"
        Agent(policy, TOOLS, Limits(), verify, saver=saver).resume("one")
    assert [state.limit_s is None for state in policy.seen] == [False, False, True]


def test_a_resumed_run_tells_first_what_was_kept(tmp_path: Path) -> None:
    kept: list[int] = []
    heard: list[int] = []
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        agent = Agent(dying(ten_cycles, {4}), TOOLS, Limits(), verify, saver=saver)
        with pytest.raises(Killed):
            agent.run("How hot?", run_id="one")
        agent.resume("one", lambda step: heard.append(step.cycle), lambda step: kept.append(step.cycle))
    assert (kept, heard) == ([1, 2, 3], [4, 5, 6, 7, 8, 9, 10])


def test_a_run_that_failed_as_it_was_answering_goes_on_with_its_answer(tmp_path: Path) -> None:
    gone = EngineUnavailableError("no server at port 1", next_step="start it")
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        policy = Scripted([searches("tea"), gone, finishes("80 [1].")])
        agent = Agent(policy, TOOLS, Limits(max_cycles=1), verify, saver=saver)
        assert agent.run("How hot?", run_id="one").stop_reason == "engine_error"
        run = agent.resume("one")
    assert policy.seen[-1].closing
    assert (run.stop_reason, run.answer.text) == ("cycle_limit", "80 [1].")


def test_the_time_of_a_run_counts_on_when_it_is_cancelled_again(tmp_path: Path) -> None:
    clock = Clock()

    def slow(message: AIMessage | None) -> Callable[[State], AIMessage]:
        def passes(state: State) -> AIMessage:
            clock.passes(5.0)
            if message is None:
                raise KeyboardInterrupt
            return message

        return passes

    policy = Scripted([slow(searches("tea")), slow(None), slow(searches("tin")), slow(None)])
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        agent = Agent(policy, TOOLS, Limits(), verify, saver=saver, clock=clock)
        assert agent.run("How hot?", run_id="one").wall_s == 10.0
        assert agent.resume("one").wall_s == 15.0  # the cycle that was cancelled before is made again


def test_a_run_that_failed_twice_goes_on_as_if_once(tmp_path: Path) -> None:
    gone = EngineUnavailableError("no server at port 1", next_step="start it")

    def fails(task: str, draft: str, passages: Sequence[Passage]) -> Answer:
        raise RuntimeError("no judge")

    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        policy = Scripted([searches("tea"), gone, searches("tin"), finishes("80 [1].")])
        assert Agent(policy, TOOLS, Limits(), fails, saver=saver).run("How hot?", run_id="one").error
        run = Agent(policy, TOOLS, Limits(), verify, saver=saver).resume("one")
    assert (run.stop_reason, len(run.steps), run.error) == ("answered", 3, None)


def test_a_run_kept_by_another_version_is_an_error_that_says_so() -> None:
    serializer = StateSerializer()
    kind, written = serializer.dumps_typed({"run": opening("How hot?", "Be kind.")})
    with pytest.raises(UsageError, match="another version"):
        serializer.loads_typed((kind, written.replace(b"messages", b"massages")))


def test_a_changing_call_that_was_late_is_asked_about_as_one_that_may_be_done() -> None:
    asked: list[bool] = []

    def approve(call: Call, again: bool) -> bool:
        asked.append(again)
        return True

    class Late(Mail):
        def run(self, call: Call, evidence: Evidence) -> Observation:
            if call.name == POST.name and not asked[1:]:
                raise TimeoutError("post did not return within 20 s")
            return super().run(call, evidence)

    policy = Scripted([searches("tea"), posts(), posts(), finishes("80 [1].")])
    Agent(policy, Late(), Limits(), verify, approve=approve).run("How hot?")
    assert asked == [False, True]


class Full(SqliteSaver):
    """Its disk is full from the n-th writing on."""

    def __init__(self, connection: sqlite3.Connection, full_at: int) -> None:
        super().__init__(connection, serde=StateSerializer())
        self.left = full_at

    def put(self, *args: Any, **kwargs: Any) -> Any:
        self.left -= 1
        if self.left < 0:
            raise sqlite3.OperationalError("database or disk is full")
        return super().put(*args, **kwargs)


class Interrupting(SqliteSaver):
    """Ctrl-C as it is looked at when the run has its answer."""

    def get_tuple(self, config: Any) -> Any:
        found = super().get_tuple(config)
        run = found.checkpoint["channel_values"].get("run") if found else None
        if run is not None and run.answer is not None:
            raise KeyboardInterrupt
        return found


def test_an_interrupt_after_the_answer_leaves_the_answer(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "runs.sqlite", check_same_thread=False)) as connection:
        saver = Interrupting(connection, serde=StateSerializer())
        run = Agent(three_cycles, TOOLS, Limits(), verify, saver=saver).run("How hot?")
    assert (run.stop_reason, run.answer.text) == ("answered", "80 [1].")


def test_a_full_disk_ends_a_run_with_what_it_has(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "runs.sqlite", check_same_thread=False)) as connection:
        agent = Agent(ten_cycles, TOOLS, Limits(), verify, saver=Full(connection, 5))
        run = agent.run("How hot?")
    assert run.stop_reason == "engine_error"
    assert "disk is full" in str(run.error)
    assert run.steps
    assert run.answer.citations


def test_a_run_that_waits_for_a_person_can_be_left_and_taken_up(tmp_path: Path) -> None:
    def away(call: Call, again: bool) -> bool:
        raise Killed

    mail = Mail()
    with sqlite_saver(tmp_path / "runs.sqlite") as saver:
        with pytest.raises(Killed):
            Agent(writes(), mail, Limits(), verify, saver=saver, approve=away).run("How hot?", run_id="one")
        run = Agent(writes(), mail, Limits(), verify, saver=saver, approve=lambda call, again: not again).resume("one")
    assert (mail.sent, run.stop_reason) == (["80"], "answered")


def test_a_run_tells_what_happens_as_it_happens() -> None:
    events = list(Agent(Scripted([searches("tea"), finishes("80 [1].")]), TOOLS, Limits(), verify).stream("How hot?"))
    assert [type(event) for event in events] == [Called, Step, Called, Step, AgentRun]
    assert events[0] == Called(1, "", (Call("search", {"query": "tea"}),))


def test_whoever_stops_listening_stops_the_run() -> None:
    policy = Scripted([ten_cycles])
    events = Agent(policy, TOOLS, Limits(), verify).stream("How hot?")
    next(events)
    events.close()
    assert len(policy.seen) == 1


def test_an_event_loop_sees_the_same_run() -> None:
    agent = Agent(ten_cycles, TOOLS, Limits(), verify, clock=Clock())
    heard: list[Step] = []
    run = asyncio.run(agent.arun("How hot?", heard.append, run_id="one"))
    assert run == agent.run("How hot?", run_id="one")
    assert tuple(heard) == run.steps


def test_an_event_loop_resumes_what_it_kept(tmp_path: Path) -> None:
    async def killed_and_resumed() -> AgentRun:
        async with async_sqlite_saver(tmp_path / "runs.sqlite") as saver:
            agent = Agent(dying(ten_cycles, {5}), TOOLS, Limits(), verify, saver=saver)
            with pytest.raises(Killed):
                await agent.arun("How hot?", run_id="one")
            return await agent.aresume("one")

    assert len(asyncio.run(killed_and_resumed()).steps) == 10


def test_a_policy_that_can_be_awaited_is() -> None:
    class Awaited(Scripted):
        async def acall(self, state: State) -> AIMessage:
            await asyncio.sleep(0)
            return self(state)

    policy = Awaited([searches("tea"), finishes("80 [1].")])
    assert asyncio.run(Agent(policy, TOOLS, Limits(), verify).arun("How hot?")).stop_reason == "answered"


def test_cancelling_an_event_loop_s_run_is_passed_on() -> None:
    async def cancelled() -> None:
        async def forever(state: State) -> AIMessage:
            await asyncio.sleep(3_600)
            raise AssertionError

        policy = Scripted([])
        policy.acall = forever  # type: ignore[attr-defined]
        task = asyncio.create_task(Agent(policy, TOOLS, Limits(), verify).arun("How hot?"))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


class Mortal(SqliteSaver):
    """Dies once, before or after its n-th writing."""

    def __init__(self, connection: sqlite3.Connection, dies_at: int, *, before: bool) -> None:
        super().__init__(connection, serde=StateSerializer())
        self.writings = 0
        self.dies_at, self.before = dies_at, before

    def put(self, *args: Any, **kwargs: Any) -> Any:
        return self._written(super().put, *args, **kwargs)

    def put_writes(self, *args: Any, **kwargs: Any) -> Any:
        return self._written(super().put_writes, *args, **kwargs)

    def _written(self, write: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.writings += 1
        if self.before and self.writings == self.dies_at:
            raise Killed
        done = write(*args, **kwargs)
        if self.writings == self.dies_at:
            raise Killed
        return done


def three_cycles(state: State) -> AIMessage:
    return finishes("80 [1].") if state.cycle == 3 else searches(f"tea {state.cycle}")


@pytest.mark.parametrize("before", [True, False])
def test_a_run_killed_at_any_writing_of_its_saver_goes_on(tmp_path: Path, before: bool) -> None:
    whole = Agent(three_cycles, TOOLS, Limits(), verify, clock=Clock()).run("How hot?")
    for dies_at in range(3, 40):  # before the second there is no run yet
        with closing(sqlite3.connect(tmp_path / f"{dies_at}.sqlite", check_same_thread=False)) as connection:
            saver = Mortal(connection, dies_at, before=before)
            agent = Agent(three_cycles, TOOLS, Limits(), verify, clock=Clock(), saver=saver)
            assert lived(agent, "one").answer == whole.answer
            if saver.writings < dies_at:
                return
    raise AssertionError("a run of three cycles is written more often than that")


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_run_says_whether_it_can_be_gone_on_with(tmp_path: Path, dies_at: int) -> None:
    """Where it cannot, it is begun anew under the same id."""
    whole = Agent(three_cycles, TOOLS, Limits(), verify).run("How hot?")
    with sqlite_saver(tmp_path / "runs.sqlite") as kept:
        saver = Mortal(kept.conn, dies_at, before=True)
        agent = Agent(three_cycles, TOOLS, Limits(), verify, saver=saver)
        with pytest.raises(Killed):
            agent.run("How hot?", run_id="one")
        if dies_at != 2:  # writings are made in threads: the second may be one or the other
            assert agent.kept("one") == (dies_at == 3)
        run = agent.resume("one") if agent.kept("one") else agent.run("How hot?", run_id="one")
        assert run.answer == whole.answer
    assert not Agent(three_cycles, TOOLS, Limits(), verify).kept("one")
