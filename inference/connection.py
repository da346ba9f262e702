"""A chat model, ready to use, with the facts that those who use it need: `connect` makes one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from inference.errors import UsageError
from inference.purposes import Purpose, PurposedChat
from inference.purposes import purpose as purpose_named

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ENGINES = ("ollama", "openai", "gguf")
LIMITS = {"ollama": "num_predict", "openai": "max_tokens", "gguf": "max_output_tokens"}
"""The field of each engine's chat model that bounds what it writes, in tokens."""

TRACING_OFF = {name: "false" for name in ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING")}
"""LangChain would send every prompt, documents and all, to a cloud where one of these is set. `connect` sets them,
whatever the environment says."""

TIMEOUT_S = 1800.0
"""Seconds of silence that are waited for while a server loads or reads: a laptop that reads 17 tokens/s says
nothing for ten minutes over 10,000 tokens, and may have to load the model first."""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What a benchmark's record must say of the engine and the model. None or "": not known."""

    version: str | None = None
    """Of the server, or of the engine in the process."""
    family: str = ""
    parameter_size: str = ""
    quantization: str = ""
    size_bytes: int | None = None
    trained_context: int | None = None
    experts: int | None = None
    experts_used: int | None = None
    base_url: str | None = None
    """Without a password."""
    weights_sha256: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    """The options in force as far as they are known, by name."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One model on one engine.

    `chat` is a LangChain chat model, asked as its purpose wants it; the record of each generation
    travels on its messages (inference.record.of). `context_tokens` is the context in force, prompt and
    answer together. `count_tokens` is exact for gguf, llama.cpp's server and vLLM; else it errs high and learns
    from the server's own counts. `thinking` says whether the model thinks in this connection, `can_think` whether it
    could, `tools` whether the server says that it calls tools (which does not mean that it does so well).
    `why` is one line.
    """

    engine: str
    model: str
    chat: BaseChatModel
    context_tokens: int
    count_tokens: Callable[[str], int]
    thinking: bool
    tools: bool
    why: str
    digest: str | None = None
    facts: EngineFacts = field(default_factory=EngineFacts)
    can_think: bool = False

    def purposed(self, purpose: str | Purpose) -> Connection:
        """The same model asked for another purpose: how words are drawn, whether it thinks (where it can), and the
        limit on what it writes. Nothing is loaded for it. Raises UsageError for a name that is none."""
        wanted = purpose_named(purpose)
        thinking = wanted.think and self.can_think
        chat = cast(PurposedChat, self.chat).purposed(wanted, thinking=thinking)
        return replace(self, chat=cast("BaseChatModel", chat), thinking=thinking)

    def writing(self, max_output_tokens: int) -> Connection:
        """The same model, counting tokens as this one does, with another limit on what it writes. Nothing is
        loaded for it: the limit goes with each request."""
        limit = LIMITS[self.engine]
        return replace(self, chat=self.chat.model_copy(update={limit: max_output_tokens}))


def connect(
    engine: str,
    model: str | None = None,
    *,
    base_url: str | None = None,
    max_output_tokens: int | None = None,
    timeout_s: float = TIMEOUT_S,
    context_tokens: int | None = None,
    think: bool | None = None,
    threads: int | None = None,
    purpose: str | Purpose = "rag",
    api_key: str | None = None,
) -> Connection:
    """A chat model on an engine: "ollama" or "openai" (`model` a name, None to choose one), or "gguf" (a path).

    `base_url` is for a server: Ollama's may stand in OLLAMA_HOST instead, that of openai (llama.cpp's server, vLLM)
    must be given. `api_key` is for openai; no key of the environment is sent. `context_tokens` is for gguf, and for
    a server of openai that does not tell its own; on Ollama the context belongs to the created model (see
    `plan_tuning`). `threads` is for gguf, else the free cores. `timeout_s` is for a server: the longest silence
    between two bytes, not the time of an answer; an engine in the process cannot go away and has none. `purpose`
    says how words are drawn; it also gives `max_output_tokens` and `think` where they are left out. `think` takes
    effect where the model can.
    Raises UsageError, EngineUnavailableError, ModelMissingError, ModelUnsuitableError.
    """
    os.environ.update(TRACING_OFF)
    wanted = purpose_named(purpose)
    think = wanted.think if think is None else think
    max_output_tokens = wanted.num_predict if max_output_tokens is None else max_output_tokens
    if max_output_tokens < 1:
        raise UsageError(f"max_output_tokens is {max_output_tokens}", next_step="allow at least one token")
    if engine == "ollama":
        if context_tokens is not None:
            raise UsageError(
                "on Ollama a context sent with a request would load the model again for every request",
                next_step=f"`speedking tune --num-ctx {context_tokens}` makes a model that has it",
            )
        from inference.ollama.connect import connect_ollama

        return connect_ollama(
            model,
            base_url=base_url,
            max_output_tokens=max_output_tokens,
            timeout_s=timeout_s,
            think=think,
            purpose=wanted,
        )
    if engine == "gguf":
        from inference.gguf.connect import connect_gguf

        return connect_gguf(
            model,
            max_output_tokens=max_output_tokens,
            context_tokens=context_tokens,
            think=think,
            threads=threads,
            purpose=wanted,
        )
    if engine == "openai":
        from inference.openai.connect import connect_openai

        return connect_openai(
            model,
            base_url=base_url,
            max_output_tokens=max_output_tokens,
            timeout_s=timeout_s,
            think=think,
            purpose=wanted,
            api_key=api_key,
            context_tokens=context_tokens,
        )
    raise UsageError(f"there is no engine {engine!r}", next_step=f"use one of: {', '.join(ENGINES)}")
