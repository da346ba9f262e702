"""ChatOllama over our own stream of lines and the record of each generation on its last chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_ollama import ChatOllama
from pydantic import ConfigDict, Field, model_validator

from inference.address import ServerAddress
from inference.errors import ToolCallError
from inference.ollama.exchange import finished
from inference.ollama.stream import AsyncChats, Chats
from inference.ollama.watch import AskSlot, ChatWatch, Line
from inference.purposes import RAG, Purpose, request_options
from inference.record import attach
from inference.token_estimate import TokenEstimate

PLAIN_FIELDS = 2
"""Of a message that is only text: its role and its content."""


class OllamaChat(ChatOllama):
    """What `ollama_chat` makes: any LangChain chat model, whose messages carry `inference.record`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    min_p: float | None = None
    presence_penalty: float | None = None
    """Options of Ollama for which ChatOllama has no field."""
    watch: ChatWatch = Field(exclude=True, repr=False)

    @model_validator(mode="after")
    def _set_clients(self) -> Self:
        """In the place of ChatOllama's, which makes Ollama's own clients."""
        self._client = cast("Any", Chats(self.watch))
        self._async_client = cast("Any", AsyncChats(self.watch))
        return self

    def purposed(self, purpose: Purpose, *, thinking: bool) -> Self:
        """The same model with another purpose's options; they go with each request."""
        return self.model_copy(update={**request_options(purpose), "reasoning": thinking})

    def get_num_tokens(self, text: str) -> int:
        """By the estimate that learns from the server's counts: LangChain would fetch GPT-2's tokenizer."""
        return self.watch.estimate(text)

    def _chat_params(self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any) -> dict[str, Any]:
        """ChatOllama's, with our two options; `options` of a call replace all, as ChatOllama has it."""
        params = super()._chat_params(messages, stop, **kwargs)
        ours = {"min_p": self.min_p, "presence_penalty": self.presence_penalty}
        if kwargs.get("options") is None:
            params["options"] |= {name: value for name, value in ours.items() if value is not None}
        return params

    def _create_chat_stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        *,
        lines: Sequence[Line] | None = None,
        **kwargs: Any,
    ) -> Iterator[Line]:
        """The lines of an answer; with `lines` those, so that ChatOllama can be given one at a time."""
        if lines is not None:
            return iter(lines)
        return cast("Iterator[Line]", super()._create_chat_stream(messages, stop, **kwargs))

    async def _acreate_chat_stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        *,
        lines: Sequence[Line] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Line]:
        if lines is not None:
            for line in lines:
                yield line
        else:
            async for told in super()._acreate_chat_stream(messages, stop, **kwargs):
                yield cast("Line", told)

    def _iterate_over_stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        """ChatOllama's chunks, the last with our record. A line that is a piece of text and nothing else, as most are,
        is made into a chunk here: ChatOllama looks into each for all that it could hold."""
        with _readable():
            for line in self._create_chat_stream(messages, stop, **kwargs):
                if (text := _plain_text(line)) is not None:
                    yield ChatGenerationChunk(message=AIMessageChunk(content=text))
                    continue
                for chunk in super()._iterate_over_stream(messages, stop, lines=[line], **kwargs):
                    _record(chunk.generation_info)
                    yield chunk

    async def _aiterate_over_stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        with _readable():
            async for line in self._acreate_chat_stream(messages, stop, **kwargs):
                if (text := _plain_text(line)) is not None:
                    yield ChatGenerationChunk(message=AIMessageChunk(content=text))
                    continue
                async for chunk in super()._aiterate_over_stream(messages, stop, lines=[line], **kwargs):
                    _record(chunk.generation_info)
                    yield chunk


def _plain_text(line: Line) -> str | None:
    """The text of a line that holds a piece of the answer and nothing else; None for any other."""
    message = line.get("message")
    if line.get("done") is not False or "logprobs" in line or not message or len(message) > PLAIN_FIELDS:
        return None
    content = message.get("content")
    return content if isinstance(content, str) else None


def ollama_chat(
    address: ServerAddress,
    model: str,
    *,
    think: bool,
    max_output_tokens: int,
    timeout_s: float,
    estimate: TokenEstimate,
    ask_slot: AskSlot | None = None,
    purpose: Purpose = RAG,
) -> OllamaChat:
    """A chat model that is asked as `purpose` wants it, but for its length. No load-time option goes with a
    request: one that differs from the running model's would load it again."""
    watch = ChatWatch(address, timeout_s, estimate, ask_slot)
    chat = OllamaChat(model=model, base_url=address.url, watch=watch)
    return chat.purposed(purpose, thinking=think).model_copy(update={"num_predict": max_output_tokens})


def _record(info: dict[str, Any] | None) -> None:
    """Put the record where LangChain carries it on: only the last chunk says that it is done."""
    if info and info.get("done") is True and (exchange := finished.get()) is not None:
        attach(info, exchange.generation())


@contextmanager
def _readable() -> Iterator[None]:
    """langchain-ollama's way of stumbling over a call; ours (`inference.ollama.stream`) comes first."""
    try:
        yield
    except OutputParserException as error:
        said = str(error).splitlines()[0]
        raise ToolCallError(f"the model wrote a tool call that cannot be read: {said}") from error
