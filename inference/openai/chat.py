"""ChatOpenAI on a server of one's own, with the record of each generation on its last chunk.

The name promises a cloud; nothing here can reach one: OpenAI's client is never made, and the events come from
`inference.openai.transport`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_openai import ChatOpenAI
from pydantic import Field, SecretStr

from inference.completions import response_format, thought
from inference.openai.errors import ServerKind
from inference.openai.transport import AsyncCompletions, Completions
from inference.openai.turn import Endpoint
from inference.purposes import ANEW, SEED, Purpose, request_options
from inference.record import KEY, MESSAGE_TOKENS

UNUSED = "not-a-key"
"""ChatOpenAI wants one and would look for it in the environment; `inference.openai.transport` sends the true one."""
REPEAT: Mapping[ServerKind, str] = {"llama.cpp": "repeat_penalty", "vllm": "repetition_penalty"}
"""The field's name; another server may refuse a field that it does not know."""


class OpenAIChat(ChatOpenAI):
    """What `openai_chat` makes: streams, binds tools, and holds an answer to a JSON schema by `format` (as Ollama takes
    it) or `response_format` (as OpenAI does)."""

    kind: ServerKind = "unknown"
    think: bool | None = None
    """None: the server is not told, its model cannot choose."""
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    answer_schema: dict[str, Any] | None = None
    count_tokens: Callable[[str], int] = Field(exclude=True, repr=False)

    def purposed(self, purpose: Purpose, *, thinking: bool) -> Self:
        """The same model with another purpose's options; they go with each request."""
        options = dict(request_options(purpose))
        options["max_tokens"] = options.pop("num_predict")
        think = None if self.think is None else thinking
        return self.model_copy(update={**options, "think": think})

    def get_num_tokens(self, text: str) -> int:
        """By the server's tokenizer: tiktoken would fetch another model's out of the net."""
        return self.count_tokens(text)

    def get_token_ids(self, text: str) -> list[int]:
        raise NotImplementedError("the server tells how many tokens a text has, not which")

    def get_num_tokens_from_messages(self, messages: Any, tools: Any = None, **_: Any) -> int:
        """Errs high: the template is guessed. `tools` are not counted, as LangChain's own models do not."""
        del tools
        return sum(self.count_tokens(message.text) + MESSAGE_TOKENS for message in messages)

    def with_structured_output(
        self, schema: Any = None, *, method: Any = "json_schema", include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """By `method` "function_calling" where it is asked for, else the server holds the answer to the schema."""
        if method == "function_calling" or schema is None:
            return super().with_structured_output(schema, method=method, include_raw=include_raw, **kwargs)
        chat = self.model_copy(update={"answer_schema": convert_to_json_schema(schema)})
        return ChatOpenAI.with_structured_output(chat, schema, method="json_mode", include_raw=include_raw)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        kwargs.pop("stream", None)
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        kwargs.pop("stream", None)
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _get_request_payload(
        self, input_: LanguageModelInput, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """ChatOpenAI's, but for what it does not know. `extra_body` reaches the server as it is: a `response_format`
        elsewhere would go through OpenAI's own client."""
        schema, wished = kwargs.pop("format", None), kwargs.pop("response_format", None)
        payload = super()._get_request_payload(input_, stop=stop, **kwargs)
        payload["max_tokens"] = payload.pop("max_completion_tokens", None) or self.max_tokens
        # Its rules for names like o1 and gpt-5 are about OpenAI's models.
        payload["temperature"] = kwargs.get("temperature", self.temperature)
        for message in payload["messages"]:
            message["role"] = "system" if message["role"] == "developer" else message["role"]
        if payload.get("seed") == ANEW:
            payload.pop("seed")
        more = dict(payload.get("extra_body") or {}) | self._more()
        schema = self.answer_schema if schema is None else schema
        if (answer := wished if schema is None else response_format(schema)) is not None:
            more["response_format"] = answer
        return {**payload, "extra_body": more}

    def _more(self) -> dict[str, Any]:
        repeat = REPEAT.get(self.kind)
        if repeat is None:
            return {}
        thinking = {} if self.think is None else {"chat_template_kwargs": {"enable_thinking": self.think}}
        drawn = {"top_k": self.top_k, "min_p": self.min_p, repeat: self.repeat_penalty}
        return {name: value for name, value in drawn.items() if value is not None} | thinking

    def _convert_chunk_to_generation_chunk(
        self, chunk: dict[str, Any], default_chunk_class: type, base_generation_info: dict[str, Any] | None
    ) -> ChatGenerationChunk | None:
        if (record := chunk.get(KEY)) is not None:
            return ChatGenerationChunk(message=AIMessageChunk(content=""), generation_info={KEY: record})
        made = super()._convert_chunk_to_generation_chunk(chunk, default_chunk_class, base_generation_info)
        choices = chunk.get("choices")
        if made is not None and choices and (thinking := thought(choices[0].get("delta") or {})):
            made.message.additional_kwargs["reasoning_content"] = thinking
        return made


def openai_chat(
    endpoint: Endpoint, model: str, *, can_think: bool, think: bool, max_output_tokens: int, purpose: Purpose
) -> OpenAIChat:
    """A chat model that is asked as `purpose` wants it, but for its length and its thinking."""
    chat = OpenAIChat(
        model=model,
        client=Completions(endpoint),
        async_client=AsyncCompletions(endpoint),
        count_tokens=endpoint.count,
        kind=endpoint.kind,
        think=think if can_think else None,
        base_url=endpoint.address.url,
        seed=SEED,
        stream_usage=True,
        use_responses_api=False,
        # Given, so that they are not looked for in the environment.
        api_key=SecretStr(UNUSED),
        openai_proxy=None,
        output_version="v0",
        stream_chunk_timeout=None,
        http_socket_options=(),
    )
    return chat.purposed(purpose, thinking=think).model_copy(update={"max_tokens": max_output_tokens})
