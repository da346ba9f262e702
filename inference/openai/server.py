"""What kind of OpenAI-compatible server answers, and what it tells of itself and of one model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath

import psutil

from inference.address import ServerAddress
from inference.errors import EngineError, UsageError
from inference.openai.api import HELLO, OpenAIApi
from inference.openai.errors import ServerKind, missing
from inference.openai.types import Listed, Props
from inference.runner import Runner, read_command

LLAMA_PORT = 8080
"""llama-server's own default."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """None: not known. What its command line tells is known where the process runs here and may be looked at."""

    kind: ServerKind
    model: str
    models: tuple[str, ...] = ()
    version: str | None = None
    context_tokens: int | None = None
    """Of one request, prompt and answer together."""
    slots: int | None = None
    """Requests that it answers at a time; llama.cpp's contexts are one for each."""
    quantization: str | None = None
    parameters: int | None = None
    size_bytes: int | None = None
    trained_context: int | None = None
    tools: bool | None = None
    can_think: bool | None = None
    runner: Runner | None = None
    """llama-server's own command line: flash attention, batch, types of the key/value cache, threads."""


def choose(listed: tuple[Listed, ...], model: str | None, url: str) -> tuple[Listed, str]:
    """The model and the reason in a few words. Raises ModelMissingError."""
    there = [entry.id for entry in listed]
    if model is not None:
        found = next((entry for entry in listed if _is_called(entry, model)), None)
        if found is None:
            raise missing(model, there, url)
        return found, "as you asked"
    if not listed:
        raise missing("", there, url)
    if len(listed) == 1:
        return listed[0], "the only one there"
    loaded = next((entry for entry in listed if entry.status and entry.status.value == "loaded"), None)
    chosen = loaded or listed[0]
    why = "loaded" if loaded else "the first"
    return chosen, f"{why} of {len(listed)} there, name another with --model"


def look(api: OpenAIApi, listed: tuple[Listed, ...], entry: Listed) -> ServerFacts:
    """Which server it is and what it tells of this model. Raises UsageError where it is Ollama."""
    if entry.owned_by == "library" and api.version("/api/version") is not None:
        raise _is_ollama(api.address.shown)
    models = tuple(each.id for each in listed)
    props = None if entry.owned_by == "vllm" else api.props(entry.id)
    if props is not None or entry.owned_by == "llamacpp":
        return _llama_facts(api.address, models, entry, props)
    version = api.version() if entry.max_model_len is not None else None
    kind: ServerKind = "vllm" if entry.owned_by == "vllm" or version is not None else "unknown"
    return ServerFacts(
        kind=kind,
        model=entry.id,
        models=models,
        version=version,
        context_tokens=entry.context_tokens,
        tools=api.takes_tools(entry.id),
        can_think=_changes_with_thinking(api, entry.id) if kind == "vllm" else None,
    )


def listening_runner(
    address: ServerAddress, processes: Callable[[], Iterable[psutil.Process]] = psutil.process_iter
) -> Runner | None:
    """The llama-server that listens there, by its command line; None where it cannot be seen."""
    if not address.local:
        return None
    for process in processes():
        try:
            if not PurePath(process.name()).stem.startswith("llama-server"):
                continue
            runner = read_command(process.pid, process.cmdline())
        except (psutil.Error, OSError):
            continue
        if (runner.port or LLAMA_PORT) == address.port:
            return runner
    return None


def _llama_facts(address: ServerAddress, models: tuple[str, ...], entry: Listed, props: Props | None) -> ServerFacts:
    meta = entry.meta
    return ServerFacts(
        kind="llama.cpp",
        model=entry.id,
        models=models,
        version=props.build_info if props else None,
        context_tokens=props.settings.n_ctx if props else entry.context_tokens,
        slots=props.total_slots if props else None,
        quantization=(props.model_ftype if props else None) or (meta.ftype if meta else None),
        parameters=meta.n_params if meta else None,
        size_bytes=meta.size if meta else None,
        trained_context=meta.n_ctx_train if meta else None,
        tools=props.chat_template_caps.supports_tools if props else None,
        can_think=props.can_think if props else None,
        runner=listening_runner(address),
    )


def _is_called(entry: Listed, name: str) -> bool:
    """llama.cpp calls a model by the path of its file where nobody gave it an alias."""
    return name in (entry.id, *entry.aliases) or name in (PurePath(entry.id).name, PurePath(entry.id).stem)


def _changes_with_thinking(api: OpenAIApi, model: str) -> bool | None:
    """Whether the template knows of thinking: vLLM does not show it, but counts with it."""
    try:
        with_it, without = (
            api.tokens(model, "messages", HELLO, chat_template_kwargs={"enable_thinking": think})
            for think in (True, False)
        )
    except EngineError:
        return None
    return with_it != without


def _is_ollama(url: str) -> UsageError:
    return UsageError(
        f"what answers at {url} is Ollama, whose OpenAI interface cuts a long prompt without a word",
        next_step=f"use --engine ollama --base-url {url}",
    )
