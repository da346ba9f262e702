"""A chat model that says what it is told to say: small, real, and on LangChain's own interface."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field


class ScriptedChat(BaseChatModel):
    """Raises its `errors`, one a call, then writes its `texts`, one a call, a word a chunk when it streams; an error
    among these is raised in its turn.

    `prompts` keeps what it was asked. A call after the last text fails the test with an IndexError.
    """

    texts: Sequence[str | Exception] = ()
    errors: Sequence[Exception] = ()
    prompts: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _next(self, messages: list[BaseMessage]) -> str:
        call = len(self.prompts)
        self.prompts.append(messages)
        if call < len(self.errors):
            raise self.errors[call]
        text = self.texts[call - len(self.errors)]
        if isinstance(text, Exception):
            raise text
        return text

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self._next(messages)))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for word in re.findall(r"\S+\s*", self._next(messages)):
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
