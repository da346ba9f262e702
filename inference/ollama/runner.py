"""Ollama's child process: what its command line says is in force, whatever the API says.

`ollama serve` starts one llama-server per loaded model. Where the server runs on this machine and its
processes may be looked at, they are; the one place here that depends on the operating system, because
psutil may be refused (on macOS and Windows often, for a server of another user).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import PurePath

import httpx
import psutil
from pydantic import BaseModel, TypeAdapter

from inference.address import ServerAddress, ollama_address
from inference.connection import Connection
from inference.ollama.binary import server_process
from inference.ollama.exchange import SlotCounts
from inference.runner import Runner, read_command


def find_runner(address: ServerAddress, weights: str | None) -> Runner | None:
    """The running child that holds these weights (SHA-256 of their file); None where it cannot be seen."""
    if weights is None:
        return None
    return next((runner for runner in find_runners(address) if runner.weights == weights), None)


def find_runners(address: ServerAddress) -> tuple[Runner, ...]:
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


class SlotReader:
    """Asks the runner how many tokens of the prompt it is answering came from the cache.

    Ollama before 0.33.3 does not pass that number on, and the runner forgets it at the end of the answer:
    call it once the first token is there. None where the runner cannot be found or is at rest.
    """

    def __init__(self, address: ServerAddress, weights: str | None) -> None:
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
