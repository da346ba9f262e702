"""Whether a model can drive the loop: a few prepared turns in each way of calling, and which way is better."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from agents.policy import Policy
from agents.prompt import SYSTEM
from agents.tools.documents import DocumentTools
from agents.tools.spec import checked
from agents.tools.toolset import Tools, offered
from inference import record
from rag.passage import Passage

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from agents.state import State

Mode = Literal["native", "schema"]
Outcome = Literal["valid", "repaired", "failed"]
PolicyFor = Callable[[Mode, Tools], Policy]


@dataclass(frozen=True, slots=True)
class ProbeTurn:
    """One prepared turn as the model took it. `right`: it called a tool that helps there. `wrote` is its text."""

    name: str
    outcome: Outcome
    right: bool
    seconds: float
    prompt_tokens: int | None
    decode_tokens: int | None
    wrote: str


@dataclass(frozen=True, slots=True)
class ModeResult:
    turns: tuple[ProbeTurn, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(turn.outcome == outcome for turn in self.turns)

    @property
    def right(self) -> int:
        return sum(turn.right for turn in self.turns)

    @property
    def cycle_s(self) -> float:
        """Median seconds of a turn."""
        return statistics.median(turn.seconds for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Probe:
    """Results by way of calling; `better` and why."""

    results: Mapping[Mode, ModeResult]

    @property
    def better(self) -> Mode:
        """One with a valid turn (a few repairs in a row end a run), then fewest failures, then most turns with a tool
        that helps, then fewest repairs; else native, which a model was trained in."""
        return min(self.results, key=lambda mode: (*_faults(self.results[mode]), mode != "native"))

    @property
    def why(self) -> str:
        taken = self.results[self.better]
        others = [f"{_said(result)} with {mode}" for mode, result in self.results.items() if mode != self.better]
        return ", against ".join([f"in {len(taken.turns)} prepared turns {_said(taken)}", *others])


def probe(policy_for: PolicyFor, modes: Sequence[Mode], clock: Callable[[], float] = time.perf_counter) -> Probe:
    """Asks each prepared turn in each way. Raises EngineError where the model does not answer."""
    tools = DocumentTools(_nothing, _nothing)
    results: dict[Mode, ModeResult] = {}
    for mode in modes:
        policy = policy_for(mode, tools)
        results[mode] = ModeResult(tuple(_turn(policy, tools, situation, clock) for situation in situations(tools)))
    return Probe(results)


def _nothing(*asked: object) -> list[Passage]:
    """The tools are told of and never called."""
    del asked
    return []


@dataclass(frozen=True, slots=True)
class Situation:
    """A state of a run and the tools that help in it."""

    name: str
    state: State
    helps: tuple[str, ...]


def situations(tools: DocumentTools) -> list[Situation]:
    """Nothing known; the answer found; nothing found; the answer named to stand elsewhere."""
    from agents.state import opening

    start = opening("In which year was the ferry to Ost built?", SYSTEM)
    found = Passage(1, "ferry.md", None, "The ferry", 0, 60, "The ferry to Ost was built in 1987 at Birk's yard.")
    elsewhere = replace(found, text="When the ferry to Ost was built is told in fleet.pdf, page 3.")
    return [
        Situation("nothing known", start, ("search",)),
        Situation("answer found", _searched(start, tools, found), ("finish",)),
        Situation("nothing found", _searched(start, tools, None), ("search",)),
        Situation("told where", _searched(start, tools, elsewhere), ("search", "read")),
    ]


def _searched(state: State, tools: DocumentTools, hit: Passage | None) -> State:
    """After a search that brought this, as the loop leaves it."""
    from langchain_core.messages import AIMessage, ToolMessage
    from langchain_core.messages.tool import tool_call

    from agents.tools.call import Call

    arguments = {"query": "year ferry Ost built"}
    finds = replace(tools, search=lambda _query: [hit] if hit else [])
    seen = finds.run(Call("search", arguments), state.evidence)
    call = AIMessage("", tool_calls=[tool_call(name="search", args=arguments, id="call-1-1")])
    messages = (*state.messages, call, ToolMessage(seen.text, tool_call_id="call-1-1"))
    return replace(state, messages=messages, evidence=seen.evidence, searched=True)


def _turn(policy: Policy, tools: Tools, situation: Situation, clock: Callable[[], float]) -> ProbeTurn:
    from agents.reply.normalise import WRITTEN

    began = clock()
    message = policy(situation.state)
    seconds = clock() - began
    outcome, called = _read(message, tools)
    generation = record.of(message)
    return ProbeTurn(
        situation.name,
        outcome,
        called in situation.helps,
        seconds,
        generation.prompt_tokens if generation else None,
        generation.decode_tokens if generation else None,
        str(message.additional_kwargs.get(WRITTEN) or message.text),
    )


def _read(message: AIMessage, tools: Tools) -> tuple[Outcome, str]:
    """How the first call was written, and its tool's name; "" where there is none that can be carried out."""
    from agents.reply.normalise import normalise

    specs = {spec.name: spec for spec in offered(tools)}
    reply = normalise(message, tuple(specs.values()), 1)
    if not reply.calls:
        return "failed", ""
    try:
        call = checked(reply.calls[0], specs)
    except (KeyError, ValueError):
        return "failed", ""
    return "repaired" if reply.repaired else "valid", call.name


def _faults(result: ModeResult) -> tuple[bool, int, int, int]:
    return not result.count("valid"), result.count("failed"), -result.right, result.count("repaired")


def _said(result: ModeResult) -> str:
    return f"{result.count('valid')} valid, {result.count('repaired')} repaired, {result.right} helpful calls"
