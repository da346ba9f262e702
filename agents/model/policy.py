"""The policy of a language model: any LangChain chat model, with the tools bound to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from agents.policy import Policy
from agents.tools.spec import ToolSpec
from agents.tools.toolset import Tools, offered
from inference.errors import ContextOverflowError, ToolCallError
from inference.record import MESSAGE_TOKENS

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage

    from agents.state import State

_ENDINGS = {"done_reason", "finish_reason"}
"""Engines say on the last chunk why they end."""

Generate = Callable[[Sequence["BaseMessage"], float | None], "AIMessage"]


def model_policy(
    chat: BaseChatModel,
    tools: Tools,
    *,
    count_tokens: Callable[[str], int],
    context_tokens: int,
    output_tokens: int,
    native: bool = True,
) -> Policy:
    """Ask `chat` for the next step.

    The tools are bound to every call, the last answering one too, so that the head of the prompt never
    changes. A prompt that leaves less than `output_tokens` of `context_tokens` is refused before it is
    sent. `native` False, or a model that takes no tools: they are described in the system message and
    calls are read from the text, which is then no repair. A call that the engine cannot read comes as text
    like one that the model wrote so. `count_tokens` is asked anew for every call: it may be one that learns.
    """
    specs = offered(tools)
    generate = _native(chat, specs) if native else None
    generate = generate or _in_text(chat, specs)
    head = json.dumps([spec.schema for spec in specs])

    def policy(state: State) -> AIMessage:
        sent = [_sent(message) for message in state.messages]
        prompt_tokens = count_tokens(head) + sum(count_tokens(text) + MESSAGE_TOKENS for text in sent)
        if prompt_tokens + output_tokens > context_tokens:
            raise ContextOverflowError(
                f"The run's transcript takes about {prompt_tokens} tokens and {output_tokens} are kept for "
                f"the reply: more than the context of {context_tokens}.",
                next_step="Use a model with a longer context, or fewer cycles.",
                prompt_tokens=prompt_tokens,
                context_tokens=context_tokens,
            )
        try:
            return generate(state.messages, state.limit_s)
        except ToolCallError as error:
            return _unreadable(error.raw)

    return policy


def _unreadable(call: str) -> AIMessage:
    from langchain_core.messages import AIMessage

    return AIMessage(f"<tool_call>{call}</tool_call>")


def _sent(message: BaseMessage) -> str:
    """What of a message reaches the prompt, for counting."""
    calls = [[call["name"], call["args"]] for call in getattr(message, "tool_calls", [])]
    thinking = str(message.additional_kwargs.get("reasoning_content") or "")
    return message.text + thinking + (json.dumps(calls) if calls else "")


def _native(chat: BaseChatModel, specs: Sequence[ToolSpec]) -> Generate | None:
    """None where the model takes no tools."""
    try:
        bound = chat.bind_tools([spec.schema for spec in specs])
    except NotImplementedError:
        return None
    return lambda messages, limit_s: _streamed(bound.stream(list(messages)), limit_s)


def _in_text(chat: BaseChatModel, specs: Sequence[ToolSpec]) -> Generate:
    from agents.model.plain import as_text
    from agents.reply.normalise import normalise

    def generate(messages: Sequence[BaseMessage], limit_s: float | None) -> AIMessage:
        message = _streamed(chat.stream(as_text(messages, specs)), limit_s)
        cycle = sum(m.type == "ai" for m in messages) + 1
        return normalise(message, specs, cycle).message

    return generate


def _streamed(chunks: Iterator[AIMessage], limit_s: float | None) -> AIMessage:
    """The chunks as one message; after `limit_s` seconds what has come by then (seen between tokens only),
    which says that it was cut off as one does that ran into its limit of tokens."""
    from langchain_core.messages import AIMessage, AIMessageChunk
    from langchain_core.messages.ai import add_ai_message_chunks
    from langchain_core.messages.utils import message_chunk_to_message

    ends_s = None if limit_s is None else time.monotonic() + limit_s
    came: list[AIMessageChunk] = []
    late = False
    for chunk in chunks:
        assert isinstance(chunk, AIMessageChunk)
        came.append(chunk)
        late = ends_s is not None and time.monotonic() > ends_s
        if late:
            break
    message = message_chunk_to_message(add_ai_message_chunks(*came))
    assert isinstance(message, AIMessage)
    if late and not _ENDINGS & message.response_metadata.keys():
        message.response_metadata["done_reason"] = "length"
    return message
