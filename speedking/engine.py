"""Which language model a command uses, and why: one line says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.errors import (
    EngineError,
    EngineUnavailableError,
    ModelMissingError,
    ModelUnsuitableError,
    UsageError,
)
from speedking.settings import Settings

if TYPE_CHECKING:
    from inference import Connection
    from rag import Index, Passage
    from rag.answer import Reader

OUTPUT_TOKENS = 512
"""num_predict of an answer: sentences with markers, and room for a model that rambles."""
FLAG = "--base-url"


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine used. `connection` is None for the embedded reader, which has no language model."""

    engine: str
    model: str
    why: str
    connection: Connection | None = None


def choose(
    settings: Settings, *, output_tokens: int | None = None, think: bool = False, purpose: str = "rag"
) -> Choice:
    """`auto`: Ollama, else a configured server, else a configured GGUF file, else the embedded reader.

    A named engine is used or it is an error; `auto` falls through only where no server answers or none of its
    models writes text. A model that was asked for by name is never replaced by another one. `purpose` says how it
    draws its words; whether it thinks is for the command to say, and the length where it is not an answer's.
    """
    output_tokens = answer_tokens(think) if output_tokens is None else output_tokens
    engine, model = settings.engine.value, settings.model.value
    if engine == "auto" and model is not None and model.endswith(".gguf"):
        engine = "gguf"
    elif engine == "auto" and settings.base_url.source == FLAG:
        # An address that was typed is meant: nothing else is looked for.
        engine = "ollama" if _is_ollama(str(settings.base_url.value), settings.timeout_s) else "openai"
    if engine == "reader":
        unused = f"; {model} is not used" if model is not None else ""
        return _reader(f"asked for by {settings.engine.source}{unused}")
    if engine != "auto":
        return _connect(str(engine), settings, output_tokens, think, purpose)
    return _auto(settings, output_tokens, think, purpose)


def answer_tokens(thinking: bool) -> int:
    from inference.purposes import THINKING_TOKENS

    return THINKING_TOKENS if thinking else OUTPUT_TOKENS


def engine_line(choice: Choice) -> str:
    """Which engine writes, and why."""
    return f"engine: {choice.engine}: {choice.why}"


def _auto(settings: Settings, output_tokens: int, think: bool, purpose: str) -> Choice:
    absent: list[EngineError] = []
    for engine, configured in (("ollama", True), ("openai", settings.base_url.value)):
        try:
            if configured:
                return _connect(engine, settings, output_tokens, think, purpose)
        except (EngineUnavailableError, ModelMissingError, ModelUnsuitableError) as error:
            absent.append(error)
    if settings.model.value is not None and absent:
        raise next((error for error in absent if not isinstance(error, EngineUnavailableError)), absent[0])
    if settings.gguf.value is not None:
        return _connect("gguf", settings, output_tokens, think, purpose)
    return _reader("; ".join(error.message for error in absent))


def _connect(engine: str, settings: Settings, output_tokens: int, think: bool, purpose: str) -> Choice:
    from inference import connect

    model, base_url = settings.model.value, settings.base_url.value
    if engine == "gguf":
        model = model or settings.gguf.value
        if model is None:
            raise UsageError("the engine gguf needs a model file", next_step="name it: --engine gguf --model FILE.gguf")
    if engine == "ollama":
        base_url = ollama_url(settings)
    try:
        connection = connect(
            engine,
            model,
            base_url=base_url,
            max_output_tokens=output_tokens,
            timeout_s=settings.timeout_s,
            think=think,
            purpose=purpose,
            api_key=settings.api_key.value,
            context_tokens=settings.context_tokens if engine == "openai" else None,
        )
    except EngineError as error:
        if engine == "ollama" and isinstance(error, EngineUnavailableError) and "reader" not in error.next_step:
            error.next_step += ", or use `--engine reader`, which needs no server"
        raise
    return Choice(engine, connection.model, connection.why, connection)


def ollama_url(settings: Settings) -> str | None:
    """An address that was typed counts. `auto` else looks for Ollama at OLLAMA_HOST. Where Ollama was asked for, a base
    URL means Ollama's, and the environment's OLLAMA_HOST goes before one that stands in the file."""
    base_url, host = settings.base_url, settings.ollama_host
    if base_url.source == FLAG:
        return base_url.value
    in_file = base_url.source != "SPEEDKING_BASE_URL"
    if settings.engine.value == "auto" or (in_file and host.value is not None):
        return host.value
    return base_url.value


def _is_ollama(url: str, timeout_s: float) -> bool:
    from inference.address import ollama_address
    from inference.ollama.api import OllamaApi

    try:
        with OllamaApi(ollama_address(url), timeout_s=timeout_s) as api:
            api.version()
    except EngineError:
        return False
    return True


def _reader(why: str) -> Choice:
    return Choice("reader", "", f"{why}: showing the documents' best sentences, verbatim")


def reader_for(choice: Choice, library: Index, pinned: Sequence[Passage] = ()) -> Reader:
    """The reader that answers with the chosen engine over an index; `pinned` stands at the head of every prompt."""
    if choice.connection is None:
        from rag import ExtractiveReader

        return ExtractiveReader(library.supporter)
    from rag import ModelLimits, ModelReader

    connection = choice.connection
    return ModelReader(
        connection.chat,
        connection.count_tokens,
        ModelLimits(connection.context_tokens, answer_tokens(connection.thinking)),
        library.supporter,
        pinned=pinned,
        run=library.run,
        engine=choice.engine,
        model=choice.model,
    )
