"""A connection to a GGUF file in this process: its context, its threads, and loading it once."""

from __future__ import annotations

import atexit
import contextlib
from pathlib import Path
from threading import Lock

import psutil

from inference.choice.kv_cache import cache_bytes_per_token
from inference.connection import Connection, EngineFacts
from inference.errors import UsageError
from inference.gguf.engine import GgufEngine
from inference.gguf.file import GgufFile, edges_digest, read_chat_model
from inference.purposes import Purpose

DEFAULT_CONTEXT = 16_384
LEAST_CONTEXT = 2_048
SPARE_BYTES = 512 << 20
"""Left for buffers and for everybody else when the context is chosen by memory."""
SAMPLE_S = 0.2
"""How long the use of the cores is watched before a model is loaded."""

_loaded: dict[tuple[Path, int], GgufEngine] = {}
_loading = Lock()


def connect_gguf(
    model: str | None,
    *,
    max_output_tokens: int,
    context_tokens: int | None,
    think: bool,
    purpose: Purpose,
    threads: int | None = None,
) -> Connection:
    """See `connection.connect`. A file is loaded once per process and context, and
    freed at its end; `threads` counts for the first."""
    if not model:
        raise UsageError("the engine gguf needs a file", next_step="give its path: --model FILE.gguf")
    file = read_chat_model(Path(model).expanduser().resolve())
    context = context_tokens or default_context(file, psutil.virtual_memory().available)
    engine = _engine(file, context, threads)
    from inference.gguf.chat import GgufChat

    thinking = think and engine.can_think
    name = file.path.name
    chat = GgufChat(engine=engine, model=name).purposed(purpose, thinking=thinking)
    chat = chat.model_copy(update={"max_output_tokens": max_output_tokens})
    return Connection(
        engine="gguf",
        model=name,
        chat=chat,
        context_tokens=engine.context_tokens,
        count_tokens=engine.count,
        thinking=thinking,
        tools=engine.props.chat_template_caps.supports_tools,
        why=f"{name} in this process, context {engine.context_tokens:,}",
        digest=edges_digest(file.path),
        facts=_facts(engine),
        can_think=engine.can_think,
    )


def default_context(file: GgufFile, free_bytes: int) -> int:
    """16,384 tokens or what the model was trained on, halved while the cache does not fit into memory."""
    context = min(file.trained_context or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
    per_token = cache_bytes_per_token(file.number)
    room = free_bytes - file.size_bytes - SPARE_BYTES
    while context > LEAST_CONTEXT and context * per_token > room:
        context //= 2
    return context


def free_cores() -> int:
    """Physical cores that this process may use, less what others use of them just now; at least 1.

    llama.cpp's threads wait for each other after every step, so one that must share its core holds up
    all: on two cores with one busy, 1.6 to 5.2 tokens/s with two threads and 59 with one.
    """
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    with contextlib.suppress(AttributeError, psutil.Error):  # macOS has no affinity
        cores = min(cores, len(psutil.Process().cpu_affinity() or [0]))
    busy: float = psutil.cpu_percent(interval=SAMPLE_S) / 100
    return max(1, int(cores * (1 - busy) + 0.5))


def close_all() -> None:
    """Free every model that was loaded; runs at the end of the process too."""
    with _loading:
        while _loaded:
            _loaded.popitem()[1].close()


def _engine(file: GgufFile, context_tokens: int, threads: int | None) -> GgufEngine:
    with _loading:
        key = (file.path, context_tokens)
        if key not in _loaded:
            if not _loaded:
                atexit.register(close_all)
            _loaded[key] = GgufEngine(file, context_tokens, threads or free_cores())
        return _loaded[key]


def _facts(engine: GgufEngine) -> EngineFacts:
    file = engine.file
    return EngineFacts(
        version=f"xllamacpp {engine.version}",
        family=file.architecture,
        parameter_size=str(file.values.get("general.size_label", "")),
        quantization=engine.props.model_ftype,
        size_bytes=file.size_bytes,
        trained_context=file.trained_context,
        experts=file.number("expert_count"),
        experts_used=file.number("expert_used_count"),
        options=(
            ("num_ctx", str(engine.context_tokens)),
            ("threads", str(engine.threads)),
            ("poll", "0"),
            ("flash_attention", "auto"),
            ("parallel", "1"),
        ),
    )
