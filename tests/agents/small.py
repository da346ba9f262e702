"""The small real things of these tests: four passages that can be searched, scripted policies, a clock."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable

from agents import Agent, DocumentTools, Limits
from agents.policy import Policy
from agents.state import State
from agents.tools.finish import FINISH
from agents.tools.toolset import Tools, offered
from inference.record import Generation, attach
from rag.answer import Answer, Citation
from rag.judge import NOT_FOUND
from rag.passage import Passage

PAGES = (
    Passage(1, "tea.md", None, "Tea", 0, 40, "Green tea is brewed at 80 degrees."),
    Passage(2, "tea.md", None, "Tea > Storage", 40, 90, "Keep tea in a tin, away from light."),
    Passage(3, "guide.pdf", 2, "Kettles", 10, 60, "The Aurora kettle holds 80 degrees for an hour."),
    Passage(4, "guide.pdf", 3, "Service", 70, 99, "Aurora service: call Birk in Oslo."),
)


def search(query: str) -> list[Passage]:
    """Passages that share a word with the query, those with most first."""
    words = set(re.findall(r"\w{3,}", query.lower()))
    shared = {p: len(words & set(re.findall(r"\w{3,}", p.text.lower()))) for p in PAGES}
    return sorted((p for p in PAGES if shared[p]), key=lambda p: -shared[p])


def read(file: str, page: int | None) -> list[Passage]:
    return [p for p in PAGES if p.file == file and page in (p.page, None)]


TOOLS = DocumentTools(search, read)
SPECS = offered(TOOLS)


def verify(task: str, draft: str, passages: Sequence[Passage]) -> Answer:
    """A draft is taken at its word; without one the first passage answers; without passages nothing does, and
    not where the draft says so in the words that rag's judge knows."""
    if not passages or NOT_FOUND.lower() in draft.lower():
        return Answer("", answerable=False)
    numbers = [int(n) for n in re.findall(r"\[(\d+)\]", draft)] or [1]
    cited = [passages[n - 1] for n in numbers]
    quotes = tuple(Citation(p.file, p.page, p.text, p.start, p.end) for p in cited)
    return Answer(draft or passages[0].text, quotes)


def says(text: str = "", *calls: tuple[str, dict[str, Any]], **more: Any) -> AIMessage:
    """A message as a chat model gives it, with native tool calls."""
    given = [tool_call(name=name, args=arguments, id=None) for name, arguments in calls]
    return AIMessage(text, tool_calls=given, **more)


def searches(query: str) -> AIMessage:
    return says("", ("search", {"query": query}))


def finishes(answer: str) -> AIMessage:
    return says("", (FINISH.name, {"answer": answer}))


Turn = AIMessage | BaseException | Callable[[State], AIMessage]


@dataclass
class Scripted:
    """A policy that plays its turns, the last one again and again; `seen` are the states it was given."""

    turns: Sequence[Turn]
    seen: list[State] = field(default_factory=list)

    def __call__(self, state: State) -> AIMessage:
        turn = self.turns[min(len(self.seen), len(self.turns) - 1)]
        self.seen.append(state)
        if isinstance(turn, BaseException):
            raise turn
        return turn if isinstance(turn, AIMessage) else turn(state)


@dataclass
class Clock:
    """Stands still until told; so every duration in a test is exact."""

    now_s: float = 100.0
    tick_s: float = 0.0

    def __call__(self) -> float:
        self.now_s += self.tick_s
        return self.now_s

    def passes(self, seconds: float) -> None:
        self.now_s += seconds


def agent(*turns: Turn, tools: Tools = TOOLS, **limits: Any) -> Agent:
    return Agent(Scripted(turns), tools, Limits(**limits), verify)


def policy_agent(policy: Policy, tools: Tools = TOOLS, **limits: Any) -> Agent:
    return Agent(policy, tools, Limits(**limits), verify)


class ScriptedChat(BaseChatModel):
    """A chat model that streams its turns word by word, with a record on the last chunk."""

    turns: list[Any]
    takes_tools: bool = True
    sent: list[list[BaseMessage]] = []  # noqa: RUF012 - pydantic copies it
    bound: list[Any] = []  # noqa: RUF012

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        if not self.takes_tools:
            raise NotImplementedError
        return self.bind(tools=tools, **kwargs)

    def _turn(self, messages: list[BaseMessage], tools: Any) -> AIMessage:
        turn = self.turns[min(len(self.sent), len(self.turns) - 1)]
        self.sent.append(messages)
        self.bound.append(tools)
        if isinstance(turn, Exception):
            raise turn
        assert isinstance(turn, AIMessage)
        return turn

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._turn(messages, kwargs.get("tools")))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        turn = self._turn(messages, kwargs.get("tools"))
        for word in re.findall(r"\S+\s*", turn.text):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        last = AIMessageChunk(
            content="",
            tool_call_chunks=[
                tool_call_chunk(name=c["name"], args=json.dumps(c["args"]), id=c["id"], index=n)
                for n, c in enumerate(turn.tool_calls)
            ],
        )
        yield ChatGenerationChunk(message=recorded(last))


def generation(**values: Any) -> Generation:
    given: dict[str, Any] = {
        "prompt_tokens": 300,
        "cached_tokens": 200,
        "decode_tokens": 20,
        "load_s": 0.0,
        "prefill_s": 1.0,
        "decode_s": 2.0,
        "total_s": 3.5,
    }
    return Generation("test", "scripted", **{**given, **values})


M = TypeVar("M", bound=AIMessage)


def recorded(message: M, **values: Any) -> M:
    """The message with a record, as an engine leaves it."""
    attach(message.response_metadata, generation(**values))
    return message
