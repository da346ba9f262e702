"""ChatOllama with our transport under it and the record of each generation on its last chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_ollama import ChatOllama
from pydantic import ValidationError

from inference.errors import ToolCallError
from inference.exchange import finished
from inference.ollama_address import OllamaAddress
from inference.record import attach
from inference.token_estimate import TokenEstimate
from inference.transport import AskSlot, AsyncChatTransport, ChatTransport

SEED = 1


class OllamaChat(ChatOllama):
    """What `ollama_chat` makes: any LangChain chat model, whose messages carry `inference.record`."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with _readable():
            return _recorded_result(super()._generate(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with _readable():
            return _recorded_result(await super()._agenerate(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with _readable():
            for chunk in super()._stream(messages, stop, run_manager, **kwargs):
                _record(chunk.generation_info)
                yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with _readable():
            async for chunk in super()._astream(messages, stop, run_manager, **kwargs):
                _record(chunk.generation_info)
                yield chunk


def ollama_chat(
    address: OllamaAddress,
    model: str,
    *,
    think: bool,
    max_output_tokens: int,
    timeout_s: float,
    estimate: TokenEstimate,
    ask_slot: AskSlot | None = None,
) -> OllamaChat:
    """A chat model at temperature 0 with a fixed seed. No load-time option goes with a request: one that
    differs from the running model's would load it again."""
    return OllamaChat(
        model=model,
        base_url=address.url,
        reasoning=think,
        temperature=0.0,
        seed=SEED,
        num_predict=max_output_tokens,
        client_kwargs={
            "timeout": httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
            "follow_redirects": False,
        },
        sync_client_kwargs={"transport": ChatTransport(address, estimate, ask_slot)},
        async_client_kwargs={"transport": AsyncChatTransport(address, estimate, ask_slot)},
    )


def _recorded_result(result: ChatResult) -> ChatResult:
    _record(result.generations[0].generation_info)
    return result


def _record(info: dict[str, Any] | None) -> None:
    """Put the record where LangChain carries it on: only the last chunk says that it is done."""
    if info and info.get("done") is True and (exchange := finished.get()) is not None:
        attach(info, exchange.generation())


@contextmanager
def _readable() -> Iterator[None]:
    """The client's two ways of stumbling over a call whose arguments are no JSON object."""
    try:
        yield
    except ValidationError as error:
        raw = error.errors()[0]["input"]
        raise ToolCallError(f"the model wrote a tool call whose arguments are {raw!r:.200}", raw=str(raw)) from error
    except OutputParserException as error:
        said = str(error).splitlines()[0]
        raise ToolCallError(f"the model wrote a tool call that cannot be read: {said}") from error
