"""What a framework adds to a cycle of an agent: the same instant model and the same instant tool through each.

    python -m eval.scripts.loop_overhead [--repeats 40] [--cycles 10]

Contenders take turns, so that none has the quieter minute: a plain Python loop (invoke the model, invoke the tool), our
loop in memory, our loop kept in SQLite after every node, LangChain's create_agent and smolagents' ToolCallingAgent
where they are installed (`pip install langchain smolagents`; neither belongs to speedking). The model answers at once:
nine searches, each with other words, then the end. Printed are milliseconds a cycle: median, least and most of the
repeats, and the median as a multiple of create_agent's.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool

from agents import Agent, Call, Evidence, Limits, Observation, Parameter, ToolSpec, model_policy
from agents.graph.saver import sqlite_saver
from rag.answer import Answer
from rag.passage import Passage

if TYPE_CHECKING:
    from agents.graph.wiring import Saver

Run = Callable[[], object]
PASSAGE = Passage(1, "tea.md", None, "Tea", 0, 34, "Green tea is brewed at 80 degrees.")
TASK = "How hot is tea brewed?"


class Instant(BaseChatModel):
    """The n-th turn of a conversation searches for something new; the last one ends it."""

    cycles: int
    finishes: bool
    """By the tool of that name; else in prose."""

    @property
    def _llm_type(self) -> str:
        return "instant"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self.bind(tools=tools, **kwargs)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        del args, kwargs
        cycle = sum(message.type == "ai" for message in messages) + 1
        return ChatResult(generations=[ChatGeneration(message=self._turn(cycle))])

    def _turn(self, cycle: int) -> AIMessage:
        if cycle < self.cycles:
            name, arguments = "search", {"query": f"tea {cycle}"}
        elif self.finishes:
            name, arguments = "finish", {"answer": "80 degrees [1]."}
        else:
            return AIMessage("80 degrees [1].")
        return AIMessage("", tool_calls=[tool_call(name=name, args=arguments, id=f"call-{cycle}")])


def find(query: str) -> str:
    """Find passages in the documents.

    Args:
        query: Words that the documents would use
    """
    return f"[1] tea.md\n{PASSAGE.text} ({query})"


search = tool("search")(find)


def plain_loop(cycles: int) -> Run:
    bound = Instant(cycles=cycles, finishes=False).bind_tools([search])

    def run() -> None:
        messages: list[BaseMessage] = [HumanMessage(TASK)]
        while True:
            message = bound.invoke(messages)
            messages.append(message)
            if not message.tool_calls:
                return
            calls = message.tool_calls
            messages += [ToolMessage(search.invoke(call["args"]), tool_call_id=call["id"]) for call in calls]

    return run


class InstantTools:
    """One tool that knows its result."""

    specs = (ToolSpec("search", "Find passages.", (Parameter("query", "string", "Words"),)),)

    def run(self, call: Call, evidence: Evidence) -> Observation:
        return Observation(find(str(call.arguments["query"])), evidence.plus([PASSAGE]))


def _taken(task: str, draft: str, passages: Sequence[Passage]) -> Answer:
    del task, passages
    return Answer(draft)


def ours(cycles: int, saver: Saver | None = None) -> Run:
    tools = InstantTools()
    policy = model_policy(
        Instant(cycles=cycles, finishes=True),
        tools,
        count_tokens=lambda text: len(text) // 4,
        context_tokens=100_000,
        output_tokens=100,
    )
    agent = Agent(policy, tools, Limits(max_cycles=cycles), _taken, saver=saver)

    def run() -> None:
        done = agent.run(TASK, run_id=uuid.uuid4().hex)
        assert (done.stop_reason, len(done.steps)) == ("answered", cycles)

    return run


def langchain_agent(cycles: int) -> Run:
    from langchain.agents import create_agent  # type: ignore[import-not-found,unused-ignore]

    agent = create_agent(Instant(cycles=cycles, finishes=False), [search])
    return lambda: agent.invoke({"messages": [HumanMessage(TASK)]}, {"recursion_limit": 4 * cycles})


def smolagents_agent(cycles: int) -> Run:
    import smolagents as s  # type: ignore[import-not-found,unused-ignore]

    class Model(s.Model):  # type: ignore[misc,unused-ignore]
        def generate(self, messages: Any, **kwargs: Any) -> Any:
            del messages, kwargs
            self.turn = getattr(self, "turn", 0) % cycles + 1
            last = self.turn == cycles
            name = "final_answer" if last else "find"
            arguments = {"answer": "80"} if last else {"query": f"tea {self.turn}"}
            function = s.models.ChatMessageToolCallFunction(name=name, arguments=arguments)
            call = s.models.ChatMessageToolCall(id=str(self.turn), type="function", function=function)
            return s.models.ChatMessage(role="assistant", content="", tool_calls=[call])

    finds = s.tool(find)
    agent = s.ToolCallingAgent(tools=[finds], model=Model(), max_steps=cycles + 1, verbosity_level=s.LogLevel.OFF)
    return lambda: agent.run(TASK)


@contextmanager
def contenders(cycles: int) -> Iterator[dict[str, Run]]:
    with tempfile.TemporaryDirectory() as folder, sqlite_saver(Path(folder) / "runs.sqlite") as saver:
        runs = {"plain loop": plain_loop(cycles), "speedking": ours(cycles), "speedking, kept": ours(cycles, saver)}
        if find_spec("langchain"):
            runs["create_agent"] = langchain_agent(cycles)
        if find_spec("smolagents"):
            runs["smolagents"] = smolagents_agent(cycles)
        yield runs


def measured(runs: dict[str, Run], cycles: int, repeats: int) -> dict[str, list[float]]:
    """Milliseconds a cycle, by contender; one round before the first counts for nothing."""
    took: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(repeats + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if number:
                took[name].append((time.perf_counter() - began) / cycles * 1_000)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--cycles", type=int, default=10)
    arguments = parser.parse_args()
    with contenders(arguments.cycles) as runs:
        took = measured(runs, arguments.cycles, arguments.repeats)
    peer = statistics.median(took["create_agent"]) if "create_agent" in took else None
    print(
        f"| ms a cycle, {arguments.repeats} repeats | median | least | most | of create_agent |\n|---|---|---|---|---|"
    )
    for name, values in took.items():
        share = "" if peer is None else f"{statistics.median(values) / peer:.2f}"
        print(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} | {share} |")


if __name__ == "__main__":
    main()
