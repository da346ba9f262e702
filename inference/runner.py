"""llama.cpp's server as a process: what its command line says is in force, whatever an API in front of it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import httpx
from pydantic import BaseModel

_BLOB = re.compile(r"sha256[-:]([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Runner:
    """A llama-server and its own options, as text; None where its command line does not give one."""

    pid: int
    port: int | None
    weights: str | None
    context: str | None
    batch: str | None
    micro_batch: str | None
    flash_attention: str | None
    cache_type_k: str | None
    cache_type_v: str | None
    threads: str | None
    gpu_layers: str | None
    parallel: str | None
    main_gpu: str | None = None
    keep: str | None = None

    @property
    def context_of_a_slot(self) -> int | None:
        """Tokens of one request: what was asked for is shared by the slots."""
        if self.context is None or not self.context.isdecimal():
            return None
        slots = int(self.parallel) if self.parallel and self.parallel.isdecimal() else 1
        return int(self.context) // max(1, slots)

    def differences(self, other: Runner) -> tuple[tuple[str, str | None, str | None], ...]:
        """(option, here, there) of every option in which two runners differ: why one replaced the other."""
        pairs = ((f.name, getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return tuple((n, a, b) for n, a, b in pairs if a != b and n not in ("pid", "port"))


def read_command(pid: int, command: Sequence[str]) -> Runner:
    """A llama-server's options from its command line."""

    def option(*names: str) -> str | None:
        for name, value in pairwise(command):
            if name in names:
                return value
        return None

    blob = _BLOB.search(option("--model", "-m") or "")
    port = option("--port") or ""
    return Runner(
        pid=pid,
        port=int(port) if port.isdecimal() else None,
        weights=blob[1] if blob else None,
        context=option("-c", "--ctx-size"),
        batch=option("-b", "--batch-size"),
        micro_batch=option("-ub", "--ubatch-size"),
        flash_attention=option("--flash-attn", "-fa"),
        cache_type_k=option("--cache-type-k", "-ctk"),
        cache_type_v=option("--cache-type-v", "-ctv"),
        threads=option("-t", "--threads"),
        gpu_layers=option("-ngl", "--n-gpu-layers", "--gpu-layers"),
        parallel=option("-np", "--parallel"),
        main_gpu=option("--main-gpu", "-mg"),
        keep=option("--keep"),
    )


class _Generation(BaseModel):
    n_ctx: int


class Props(BaseModel):
    """What a llama-server's /props says of the model it holds."""

    default_generation_settings: _Generation
    total_slots: int
    build_info: str = ""

    @property
    def context_tokens(self) -> int:
        """The context of one slot."""
        return self.default_generation_settings.n_ctx


def props_of(runner: Runner) -> Props | None:
    """A runner's own account; None where it does not answer."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{runner.port}/props", timeout=2.0, trust_env=False)
        return Props.model_validate_json(answer.content)
    except (httpx.TransportError, ValueError):
        return None
