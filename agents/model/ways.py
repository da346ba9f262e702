"""The ways in which a model can be asked to call a tool: each turns a transcript into a request, and the model's
message into one whose calls are tool calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from langchain_core.messages import AIMessage, BaseMessage

from agents.model.plain import HOW_SCHEMA, HOW_TEXT, as_text, json_turn, named_call
from agents.model.turn_schema import called, turn_schema
from agents.reply.normalise import normalise
from agents.tools.finish import FINISH
from agents.tools.search import SEARCH
from agents.tools.spec import ToolSpec

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable

    from agents.state import State

Calls: TypeAlias = Literal["native", "schema", "text"]


class Way(Protocol):
    """One way of calling. `head` is what stands in the prompt beside the messages, for counting. `held`: the whole turn
    is one object whose texts are capped, so an invented result in it ends by itself."""

    head: str
    held: bool

    def chat(self, state: State) -> Runnable[Any, Any]:
        """The model to ask for the state's next turn."""
        ...

    def request(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        """What is sent for a transcript: the earlier request, the model's own words, and what came since."""
        ...

    def read(self, message: AIMessage) -> AIMessage: ...


class Native:
    """The server's tool calls. Raises NotImplementedError where the model takes no tools."""

    held = False

    def __init__(self, chat: BaseChatModel, specs: Sequence[ToolSpec]) -> None:
        schemas = [spec.schema for spec in specs]
        self._bound = chat.bind_tools(schemas)
        self.head = json.dumps(schemas)

    def chat(self, state: State) -> Runnable[Any, Any]:
        """All tools stay bound, for the last call too: they stand in the head of the prompt."""
        del state
        return self._bound

    def request(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        return list(messages)

    def read(self, message: AIMessage) -> AIMessage:
        return message


class Schema:
    """The whole turn held to a JSON schema. Neither the model nor its template has to know of tools."""

    held = True
    head = ""

    def __init__(self, chat: BaseChatModel, specs: Sequence[ToolSpec]) -> None:
        self._chat, self._specs = chat, specs

    def chat(self, state: State) -> Runnable[Any, Any]:
        """A grammar stands in no prompt, so another one loses no cache: a model that repeats itself is held for a turn
        to the other tools and to searches that it has not made (at temperature 0 a word alone changes nothing), and in
        its last call to an answer."""
        if state.closing:
            return self._chat.bind(format=turn_schema([FINISH]))
        untried = {SEARCH.name: {"query": state.untried}} if state.untried else {}
        left = [spec for spec in self._specs if spec.name not in state.worn or spec.name in untried]
        return self._chat.bind(format=turn_schema(left or [FINISH], untried))

    def request(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        return as_text(messages, self._specs, HOW_SCHEMA, json_turn)

    def read(self, message: AIMessage) -> AIMessage:
        return called(message, self._specs)


class Text:
    """Tools told in the system message; calls are read from the text, which is then no repair."""

    held = False
    head = ""

    def __init__(self, chat: BaseChatModel, specs: Sequence[ToolSpec]) -> None:
        self._chat, self._specs = chat, specs

    def chat(self, state: State) -> Runnable[Any, Any]:
        del state
        return self._chat

    def request(self, messages: Sequence[BaseMessage]) -> list[BaseMessage]:
        return as_text(messages, self._specs, HOW_TEXT, named_call)

    def read(self, message: AIMessage) -> AIMessage:
        """Without ids: the loop gives them, by the cycle, which is not known here."""
        read = normalise(message, self._specs, 0).message
        return read.model_copy(update={"tool_calls": [{**call, "id": None} for call in read.tool_calls]})


def way_of(calls: Calls, chat: BaseChatModel, specs: Sequence[ToolSpec]) -> Way:
    """`native` becomes `text` for a model that takes no tools."""
    if calls == "schema":
        return Schema(chat, specs)
    if calls == "native":
        try:
            return Native(chat, specs)
        except NotImplementedError:
            pass
    return Text(chat, specs)
