"""A LangChain chat model over llama.cpp in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, ConfigDict, Field

from inference.arrivals import Arrivals
from inference.completions import WrittenCalls, kinds, response_format, thought, unreadable_call
from inference.errors import EngineError, GenerationError
from inference.gguf.engine import Arrival, GgufEngine
from inference.overflow import overflow_in
from inference.purposes import SEED, Purpose, request_options
from inference.record import Generation, attach

_MILLI = 1e-3


class _Timings(BaseModel):
    """llama.cpp's own numbers of one answer: tokens and milliseconds."""

    cache_n: int
    prompt_n: int
    prompt_ms: float
    predicted_n: int
    predicted_ms: float


class GgufChat(BaseChatModel):
    """Draws words as its purpose wants it; streams; binds tools through the model's own jinja template.

    A JSON schema for the answer goes with `format` (as for Ollama) or `response_format` (as for OpenAI).
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    engine: GgufEngine = Field(exclude=True, repr=False)
    model: str
    max_output_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 40
    min_p: float = 0.0
    presence_penalty: float = 0.0
    repeat_penalty: float = 1.0
    seed: int = SEED
    think: bool = False

    def purposed(self, purpose: Purpose, *, thinking: bool) -> Self:
        """The same model with another purpose's options; they go with each request."""
        options = dict(request_options(purpose))
        limit = options.pop("num_predict")
        return self.model_copy(update={**options, "max_output_tokens": limit, "think": thinking})

    @property
    def _llm_type(self) -> str:
        return "speedking-gguf"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "temperature": self.temperature, "seed": self.seed, "think": self.think}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """`tool_choice`: "auto", "none" or "any" (some tool must be called)."""
        if tool_choice is not None:
            kwargs["tool_choice"] = "required" if tool_choice == "any" else tool_choice
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        kwargs.pop("stream", None)
        request = self._request(messages, stop, **kwargs)
        watch = _Watch(self.model)
        for arrival in self.engine.events(request):
            if (error := arrival.event.get("error")) is not None:
                raise _refusal(error, self.model)
            if (chunk := watch.see(arrival)) is not None:
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        if not watch.done:
            raise GenerationError("llama.cpp ended the answer without its last event", next_step="try again")

    def _request(self, messages: list[BaseMessage], stop: list[str] | None, **kwargs: Any) -> dict[str, Any]:
        if (schema := kwargs.pop("format", None)) is not None:
            kwargs.setdefault("response_format", response_format(schema))
        return {
            "messages": convert_to_openai_messages(messages),
            "max_tokens": self.max_output_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "min_p": self.min_p,
            "presence_penalty": self.presence_penalty,
            "repeat_penalty": self.repeat_penalty,
            "seed": self.seed,
            "stream": True,
            "stop": stop or [],
            "chat_template_kwargs": {"enable_thinking": self.think},
            **kwargs,
        }


class _Watch:
    """Turns events into chunks, keeps their times, and puts the record on the last chunk."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._arrivals = Arrivals(queued_s=None)
        self._calls = WrittenCalls()
        self.done = False

    def see(self, arrival: Arrival) -> ChatGenerationChunk | None:
        """The chunk of one event; None for an event that carries nothing."""
        choices = arrival.event.get("choices") or [{}]
        delta: Mapping[str, Any] = choices[0].get("delta") or {}
        content, thinking, pieces = delta.get("content") or "", thought(delta), delta.get("tool_calls") or ()
        self._arrivals.chunk(arrival.at, *kinds(delta))
        self._calls.add(pieces)
        message = AIMessageChunk(
            content=content,
            tool_call_chunks=[_call(piece) for piece in pieces],
            additional_kwargs={"reasoning_content": thinking} if thinking else {},
        )
        if (reason := choices[0].get("finish_reason")) is not None:
            return self._last(message, arrival, reason)
        return ChatGenerationChunk(message=message) if content or thinking or pieces else None

    def _last(self, message: AIMessageChunk, arrival: Arrival, reason: str) -> ChatGenerationChunk:
        self._calls.check(reason)
        self.done = True
        self._arrivals.ended = arrival.at
        timings = _Timings.model_validate(arrival.event.get("timings"))
        prompt = timings.cache_n + timings.prompt_n
        message.usage_metadata = UsageMetadata(
            input_tokens=prompt, output_tokens=timings.predicted_n, total_tokens=prompt + timings.predicted_n
        )
        info: dict[str, Any] = {"finish_reason": reason, "model_name": self._model}
        attach(info, self._generation(timings, reason))
        return ChatGenerationChunk(message=message, generation_info=info)

    def _generation(self, timings: _Timings, reason: str) -> Generation:
        return Generation(
            engine="gguf",
            model=self._model,
            prompt_tokens=timings.cache_n + timings.prompt_n,
            cached_tokens=timings.cache_n,
            cached_source="field",
            decode_tokens=timings.predicted_n,
            prefill_s=timings.prompt_ms * _MILLI,
            decode_s=timings.predicted_ms * _MILLI,
            done_reason=reason,
            **self._arrivals.times(),
        )


def _call(call: Mapping[str, Any]) -> ToolCallChunk:
    function = call.get("function") or {}
    return tool_call_chunk(
        name=function.get("name"), args=function.get("arguments"), id=call.get("id"), index=call.get("index")
    )


def _refusal(error: Any, model: str) -> EngineError:
    message = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    return (
        overflow_in(message, model, "{} tokens, where the model was trained on so many")
        or unreadable_call(message, "llama.cpp")
        or GenerationError(f"llama.cpp says: {message}", next_step="try again; if it stays, try another model file")
    )
