"""Ollama's child process: what its command line says is in force, whatever the API says.

`ollama serve` starts one llama-server per loaded model. Where the server runs on this machine and its
processes may be looked at, they are; the one place here that depends on the operating system, because
psutil may be refused (on macOS and Windows often, for a server of another user).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import PurePath

import httpx
import psutil
from pydantic import BaseModel, TypeAdapter

from inference.connection import Connection
from inference.ollama.address import OllamaAddress, ollama_address
from inference.ollama.binary import server_process
from inference.ollama.exchange import SlotCounts

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


def find_runner(address: OllamaAddress, weights: str | None) -> Runner | None:
    """The running child that holds these weights (SHA-256 of their file); None where it cannot be seen."""
    if weights is None:
        return None
    return next((runner for runner in find_runners(address) if runner.weights == weights), None)


def find_runners(address: OllamaAddress) -> tuple[Runner, ...]:
    """Every llama-server on this machine that a local Ollama may have started.

    Where the server itself can be seen, only its own children count: another server may hold the same file.
    """
    if not address.local:
        return ()
    server = server_process(address)
    runners = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if PurePath(process.name()).stem.startswith("llama-server") and (
                server is None or process.ppid() == server.pid
            ):
                runners.append(read_command(process.pid, process.cmdline()))
    return tuple(runners)


def runner_of(connection: Connection) -> Runner | None:
    """The process behind a connection to Ollama, for a benchmark's record: ask after the first answer.

    None before the model is loaded, for another engine, and where the process cannot be seen.
    """
    facts = connection.facts
    return find_runner(ollama_address(facts.base_url), facts.weights_sha256) if facts.base_url else None


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


class SlotReader:
    """Asks the runner how many tokens of the prompt it is answering came from the cache.

    Ollama before 0.33.3 does not pass that number on, and the runner forgets it at the end of the answer:
    call it once the first token is there. None where the runner cannot be found or is at rest.
    """

    def __init__(self, address: OllamaAddress, weights: str | None) -> None:
        self._address = address
        self._weights = weights
        self._port: int | None = None
        self._looking = address.local and weights is not None
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0)), timeout=2.0
        )

    def __call__(self) -> SlotCounts | None:
        if self._port is not None and (slots := self._slots()) is not None:
            return busy_slot(slots)
        if not self._looking:
            return None
        runner = find_runner(self._address, self._weights)
        self._port = runner.port if runner else None
        self._looking = self._port is not None  # a server whose processes are hidden stays so
        slots = self._slots() if self._port is not None else None
        return busy_slot(slots) if slots is not None else None

    def _slots(self) -> tuple[Slot, ...] | None:
        try:
            return SLOTS.validate_json(self._http.get(f"http://127.0.0.1:{self._port}/slots").content)
        except (httpx.TransportError, ValueError):
            return None


class Slot(BaseModel):
    """A line of llama-server's /slots."""

    is_processing: bool
    n_prompt_tokens_processed: int
    n_prompt_tokens_cache: int


SLOTS = TypeAdapter(tuple[Slot, ...])


def busy_slot(slots: Sequence[Slot]) -> SlotCounts | None:
    """The counts of the one slot at work; None where none is, or several are."""
    busy = [slot for slot in slots if slot.is_processing]
    if len(busy) != 1:
        return None
    return SlotCounts(busy[0].n_prompt_tokens_processed, busy[0].n_prompt_tokens_cache)
