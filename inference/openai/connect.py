"""A connection to an OpenAI-compatible server: the model, what it can do, and the context that is really in force."""

from __future__ import annotations

import weakref
from pathlib import PurePath

from inference.address import ServerAddress
from inference.connection import Connection, EngineFacts
from inference.errors import EngineError, EngineUnavailableError
from inference.openai.address import openai_address
from inference.openai.api import OpenAIApi
from inference.openai.errors import NAMES, ServerKind
from inference.openai.server import ServerFacts, choose, look
from inference.openai.tokens import TokenCount
from inference.purposes import Purpose

COUNTED: dict[ServerKind, tuple[str, dict[str, object]]] = {
    "llama.cpp": ("content", {}),
    "vllm": ("prompt", {"add_special_tokens": False}),
}
"""The field of /tokenize that takes a text, and what else goes with it."""


def connect_openai(
    model: str | None,
    *,
    base_url: str | None,
    max_output_tokens: int,
    timeout_s: float,
    think: bool,
    purpose: Purpose,
    api_key: str | None = None,
    context_tokens: int | None = None,
) -> Connection:
    """See `connection.connect`. `context_tokens` is for a server that does not tell its own."""
    address = openai_address(base_url)
    api = OpenAIApi(address, api_key=api_key, timeout_s=timeout_s)
    try:
        listed = api.models()
        entry, why = choose(listed, model, address.shown)
        facts = look(api, listed, entry)
        context = _context(facts, context_tokens, address.shown)
    except BaseException:
        api.close()
        raise
    from inference.openai.chat import openai_chat
    from inference.openai.turn import Endpoint

    count = _count(api, facts)
    endpoint = Endpoint(address, facts.kind, timeout_s, count, api_key, facts.models)
    thinking = think and bool(facts.can_think)
    chat = openai_chat(
        endpoint,
        facts.model,
        can_think=bool(facts.can_think),
        think=thinking,
        max_output_tokens=max_output_tokens,
        purpose=purpose,
    )
    untold = "; whether it takes tools is not known" if facts.tools is None else ""
    name = PurePath(facts.model).name if facts.kind == "llama.cpp" else facts.model
    return Connection(
        engine="openai",
        model=facts.model,
        chat=chat,
        context_tokens=context,
        count_tokens=count,
        thinking=thinking,
        # Not known is no reason to do without: where the server then refuses, its error names the flag.
        tools=facts.tools is not False,
        why=f"{name} on {NAMES[facts.kind]} at {address.shown}, context {context:,}: {why}{untold}",
        facts=_engine_facts(address, facts, context),
        can_think=bool(facts.can_think),
    )


def _count(api: OpenAIApi, facts: ServerFacts) -> TokenCount:
    """Keeps the connection to the server as long as it lives: a prompt is counted passage by passage."""
    if not _tokenizes(api, facts):
        api.close()
        return TokenCount(None)
    field, more = COUNTED[facts.kind]
    count = TokenCount(lambda text: api.tokens(facts.model, field, text, **more))
    weakref.finalize(count, api.close)
    return count


def _tokenizes(api: OpenAIApi, facts: ServerFacts) -> bool:
    if facts.kind not in COUNTED:
        return False
    field, more = COUNTED[facts.kind]
    try:
        return api.tokens(facts.model, field, "word", **more) > 0
    except EngineError:
        return False


def _context(facts: ServerFacts, given: int | None, url: str) -> int:
    """What is in force; a smaller one that was given is kept to."""
    known = [tokens for tokens in (facts.context_tokens, given) if tokens is not None]
    if not known:
        raise EngineUnavailableError(
            f"{NAMES[facts.kind]} at {url} does not say what context {facts.model!r} has",
            next_step="set SPEEDKING_CONTEXT_TOKENS to the tokens that it was started with",
        )
    return min(known)


def _engine_facts(address: ServerAddress, facts: ServerFacts, context: int) -> EngineFacts:
    runner = facts.runner
    options = {
        "num_ctx": context,
        "parallel": facts.slots,
        "flash_attention": runner and runner.flash_attention,
        "batch": runner and runner.batch,
        "micro_batch": runner and runner.micro_batch,
        "cache_type_k": runner and runner.cache_type_k,
        "cache_type_v": runner and runner.cache_type_v,
        "threads": runner and runner.threads,
        "gpu_layers": runner and runner.gpu_layers,
    }
    return EngineFacts(
        version=None if facts.version is None else f"{facts.kind} {facts.version}",
        parameter_size="" if facts.parameters is None else _size(facts.parameters),
        quantization=facts.quantization or "",
        size_bytes=facts.size_bytes,
        trained_context=facts.trained_context,
        base_url=address.shown,
        options=tuple((name, str(value)) for name, value in options.items() if value is not None),
    )


def _size(parameters: int) -> str:
    return f"{parameters / 1e9:.1f}B" if parameters >= 1e9 else f"{parameters / 1e6:.0f}M"
