"""A connection to Ollama: the model, what it can do, and the context that is really in force."""

from __future__ import annotations

import psutil

from inference.address import ServerAddress, ollama_address
from inference.connection import Connection, EngineFacts
from inference.errors import EngineUnavailableError
from inference.ollama.api import OllamaApi
from inference.ollama.choice import Choice, choose, find, missing, must_complete, must_run_there
from inference.ollama.runner import SlotReader, find_runner
from inference.ollama.running import running_entry
from inference.ollama.types import Installed, Shown
from inference.ollama.version import counts_cached
from inference.purposes import Purpose
from inference.token_estimate import TokenEstimate


def connect_ollama(
    model: str | None,
    *,
    base_url: str | None,
    max_output_tokens: int,
    timeout_s: float,
    think: bool,
    purpose: Purpose,
) -> Connection:
    """See `connection.connect`."""
    address = ollama_address(base_url)
    with OllamaApi(address, timeout_s=timeout_s) as api:
        version = api.version()
        chosen, entry = _model(api, model)
        shown = api.show(chosen.name)
        must_complete(chosen.name, shown)
        context = context_in_force(api, chosen.name, shown)
    from inference.ollama.chat import ollama_chat

    estimate = TokenEstimate()
    able = shown.capabilities or ()
    can_think = "thinking" in able
    chat = ollama_chat(
        address,
        chosen.name,
        think=think and can_think,
        max_output_tokens=max_output_tokens,
        timeout_s=timeout_s,
        estimate=estimate,
        purpose=purpose,
        ask_slot=SlotReader(address, shown.weights) if address.local and not counts_cached(version) else None,
    )
    return Connection(
        engine="ollama",
        model=chosen.name,
        chat=chat,
        context_tokens=context,
        count_tokens=estimate,
        thinking=think and can_think,
        tools="tools" in able,
        why=f"{chosen.name} on Ollama at {address.shown}, context {context:,}: {chosen.why}",
        digest=entry.digest or None,
        facts=_facts(address, version, entry, shown),
        can_think=can_think,
    )


def local_memory(address: ServerAddress) -> int | None:
    """This machine's memory in bytes where the server runs on it, else None."""
    return psutil.virtual_memory().total if address.local else None


def context_in_force(api: OllamaApi, name: str, shown: Shown) -> int:
    """The context of the next chat with this model, in tokens, prompt and answer together.

    A context that the model sets is what it gets, up to what it was trained on. One that it leaves open
    is the server's to choose (by its memory or OLLAMA_CONTEXT_LENGTH), so the model is loaded as the next
    chat would load it, and the server is asked.
    """
    asked, trained = shown.parameter("num_ctx"), shown.number("context_length")
    if asked is not None and asked.isdecimal():
        return min(int(asked), trained or int(asked))
    api.load(name)
    return loaded_context(api, name, shown) or _unknown_context(name)


def loaded_context(api: OllamaApi, name: str, shown: Shown) -> int | None:
    """The context of a loaded model, from /api/ps; of one whose name there was deleted since, from the command line of
    the process that holds its weights. None where neither tells."""
    entry = running_entry(api, name, shown.weights)
    if entry is not None and entry.context_length:
        return entry.context_length
    runner = find_runner(api.address, shown.weights)
    return None if runner is None else runner.context_of_a_slot


def _unknown_context(name: str) -> int:
    raise EngineUnavailableError(
        f"the server does not say what context {name!r} has (its version is too old)",
        next_step="update Ollama, or set it: `speedking tune --num-ctx 16384`",
    )


def _model(api: OllamaApi, model: str | None) -> tuple[Choice, Installed]:
    installed = api.installed()
    chosen = Choice(model, "as you asked") if model else choose(api, memory_bytes=local_memory(api.address))
    entry = find(chosen.name, installed)
    if entry is None:
        raise missing(chosen.name, installed, api.address.shown)
    must_run_there(entry, api.address.shown)
    return Choice(entry.name, chosen.why), entry


def _facts(address: ServerAddress, version: str | None, entry: Installed, shown: Shown) -> EngineFacts:
    options = [line.partition(" ") for line in shown.parameters.splitlines()]
    return EngineFacts(
        version=version,
        family=shown.architecture,
        parameter_size=shown.details.parameter_size,
        quantization=shown.details.quantization_level,
        size_bytes=entry.size or None,
        trained_context=shown.number("context_length"),
        experts=shown.number("expert_count"),
        experts_used=shown.number("expert_used_count"),
        base_url=address.shown,
        weights_sha256=shown.weights,
        options=tuple((name, value.strip()) for name, _, value in options if name),
    )
