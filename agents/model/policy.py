"""The policy of a language model: any LangChain chat model, with the tools bound to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from agents.tools.toolset import Tools, offered
from inference.errors import ContextOverflowError, ToolCallError
from inference.record import MESSAGE_TOKENS

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage

    from agents.model.ways import Calls, Way
    from agents.state import State


def model_policy(
    chat: BaseChatModel,
    tools: Tools,
    *,
    count_tokens: Callable[[str], int],
    context_tokens: int,
    output_tokens: int,
    calls: Calls = "native",
) -> ModelPolicy:
    """Ask `chat` for the next step.

    `calls`: "native" are the server's tool calls; "schema" holds the turn to a JSON schema, which the chat model has to
    take as `format` (those of `inference` and ChatOllama do); "text" tells of the tools in the system message and reads
    calls from the text. The head of the prompt is the same for every call, the last answering one too. A prompt that
    leaves less than `output_tokens` of `context_tokens` is refused before it is sent. A call that the engine cannot
    read comes as text like one that the model wrote so. `count_tokens` is asked anew for every call: it may be one
    that learns.
    """
    from agents.model.ways import way_of

    return ModelPolicy(way_of(calls, chat, offered(tools)), count_tokens, context_tokens, output_tokens)


class ModelPolicy:
    """What `model_policy` makes; `acall` is for an event loop."""

    def __init__(self, way: Way, count_tokens: Callable[[str], int], context_tokens: int, output_tokens: int) -> None:
        self._way = way
        self._count_tokens = count_tokens
        self._context_tokens = context_tokens
        self._output_tokens = output_tokens

    def __call__(self, state: State) -> AIMessage:
        from agents.model.streamed import streamed

        request = self._request(state)
        try:
            chunks = self._way.chat(state).stream(request)
            return self._way.read(streamed(chunks, state.limit_s, whole=self._way.held))
        except Exception as error:
            return _unreadable(error)

    async def acall(self, state: State) -> AIMessage:
        """As a call."""
        from agents.model.streamed import astreamed

        request = self._request(state)
        try:
            chunks = self._way.chat(state).astream(request)
            return self._way.read(await astreamed(chunks, state.limit_s, whole=self._way.held))
        except Exception as error:
            return _unreadable(error)

    def _request(self, state: State) -> list[BaseMessage]:
        """Raises ContextOverflowError where it does not fit."""
        request = self._way.request(state.messages)
        self._check(request)
        return request

    def _check(self, request: Sequence[BaseMessage]) -> None:
        counted = sum(self._count_tokens(_sent(message)) + MESSAGE_TOKENS for message in request)
        prompt_tokens = counted + (self._count_tokens(self._way.head) if self._way.head else 0)
        if prompt_tokens + self._output_tokens > self._context_tokens:
            raise ContextOverflowError(
                f"The run's transcript takes about {prompt_tokens} tokens and {self._output_tokens} are kept for "
                f"the reply: more than the context of {self._context_tokens}.",
                next_step="Use a model with a longer context, or fewer cycles.",
                prompt_tokens=prompt_tokens,
                context_tokens=self._context_tokens,
            )


def _unreadable(error: Exception) -> AIMessage:
    """The model's own words where the engine or LangChain could not read its call; any other error is raised again."""
    from langchain_core.exceptions import OutputParserException
    from langchain_core.messages import AIMessage

    if isinstance(error, ToolCallError):
        return AIMessage(f"<tool_call>{error.raw}</tool_call>")
    if isinstance(error, OutputParserException):
        return AIMessage(f"<tool_call>{error.llm_output or ''}</tool_call>")
    raise error


def _sent(message: BaseMessage) -> str:
    """What of a message reaches the prompt, for counting."""
    calls: list[list[Any]] = [[call["name"], call["args"]] for call in getattr(message, "tool_calls", [])]
    thinking = str(message.additional_kwargs.get("reasoning_content") or "")
    return message.text + thinking + (json.dumps(calls) if calls else "")
