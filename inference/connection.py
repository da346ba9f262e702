"""A chat model, ready to use, with the facts that those who use it need: `connect` makes one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from inference.errors import EngineUnavailableError, UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ENGINES = ("ollama", "openai", "gguf")

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

    `chat` is a LangChain chat model at temperature 0 with a fixed seed; the record of each generation
    travels on its messages (inference.record.of). `context_tokens` is the context in force, prompt and
    answer together. `count_tokens` is exact for gguf; for ollama it errs high and learns from the
    server's own counts. `thinking` says whether the model thinks in this connection, `tools` whether the
    server says that it calls tools (which does not mean that it does so well). `why` is one line.
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

    def writing(self, max_output_tokens: int) -> Connection:
        """The same model, counting tokens as this one does, with another limit on what it writes. Nothing is
        loaded for it: the limit goes with each request."""
        limit = "num_predict" if self.engine == "ollama" else "max_output_tokens"
        return replace(self, chat=self.chat.model_copy(update={limit: max_output_tokens}))


def connect(
    engine: str,
    model: str | None = None,
    *,
    base_url: str | None = None,
    max_output_tokens: int = 512,
    timeout_s: float = TIMEOUT_S,
    context_tokens: int | None = None,
    think: bool = False,
    threads: int | None = None,
) -> Connection:
    """A chat model on an engine: "ollama" (`model` a name, None to choose one), or "gguf" (`model` a path).

    `base_url` is for a server, else OLLAMA_HOST counts. `context_tokens` is for gguf only: on Ollama the
    context belongs to the created model (see `plan_tuning`). `threads` is for gguf too, else the free
    cores. `timeout_s` is for a server: the longest silence between two bytes, not the time of an answer;
    an engine in the process cannot go away and has none. `think` takes effect where the model can.
    Raises UsageError, EngineUnavailableError, ModelMissingError, ModelUnsuitableError.
    """
    os.environ.update(TRACING_OFF)
    if max_output_tokens < 1:
        raise UsageError(f"max_output_tokens is {max_output_tokens}", next_step="allow at least one token")
    if engine == "ollama":
        if context_tokens is not None:
            raise UsageError(
                "on Ollama a context sent with a request would load the model again for every request",
                next_step=f"`speedking tune --num-ctx {context_tokens}` makes a model that has it",
            )
        from inference.ollama_connect import connect_ollama

        return connect_ollama(
            model, base_url=base_url, max_output_tokens=max_output_tokens, timeout_s=timeout_s, think=think
        )
    if engine == "gguf":
        from inference.gguf_connect import connect_gguf

        return connect_gguf(
            model,
            max_output_tokens=max_output_tokens,
            context_tokens=context_tokens,
            think=think,
            threads=threads,
        )
    if engine == "openai":
        raise _not_yet(base_url)
    raise UsageError(f"there is no engine {engine!r}", next_step=f"use one of: {', '.join(ENGINES)}")


def _not_yet(base_url: str | None) -> UsageError | EngineUnavailableError:
    """The OpenAI-compatible engine has its name and its place here and comes in a later release."""
    if not base_url:
        return UsageError(
            "the engine openai without a base URL would go to a cloud, with your documents and your key",
            next_step="name your own server with --base-url, or use --engine ollama or gguf",
        )
    return EngineUnavailableError(
        f"the engine openai (asked for {base_url}) comes in a later release; nothing was contacted",
        next_step="use --engine ollama, or --engine gguf --model FILE.gguf",
    )
