"""llama.cpp's own server, for real, on a loopback port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def llama_server(model: Path, *, context: int = 512, alias: str | None = None, **options: Any) -> Iterator[str]:
    """Its address. `options` are fields of xllamacpp's CommonParams; `flash_attention` is on, off or auto."""
    xllamacpp = pytest.importorskip("xllamacpp", reason="the extra gguf is not installed")
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_ctx = context
    params.n_parallel = 1
    params.verbosity = -1
    params.ui = False
    params.n_threads_http = 2
    params.cache_ram_mib = 0
    if alias is not None:
        params.model_alias = {alias}
    kinds = xllamacpp.llama_flash_attn_type
    wished = str(options.pop("flash_attention", "auto")).upper()
    names = {"ON": "ENABLED", "OFF": "DISABLED", "AUTO": "AUTO"}
    params.flash_attn_type = getattr(kinds, f"LLAMA_FLASH_ATTN_TYPE_{names[wished]}")
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = 1
        cpu.poll = 0
    for name, value in options.items():
        setattr(params, name, value)
    server = xllamacpp.Server(params)
    try:
        yield str(server.listening_address)
    finally:
        del server
