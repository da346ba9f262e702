"""What is known of a model in use and of where it runs, before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from inference.address import ollama_address
from inference.connection import Connection
from inference.doctor.finding import Finding
from inference.hardware.machine import Hardware
from inference.ollama.api import OllamaApi
from inference.ollama.binary import ServerProcess, server_process
from inference.ollama.runner import find_runner
from inference.ollama.running import running_entry
from inference.ollama.types import Running, Shown
from inference.openai.address import openai_address
from inference.openai.server import listening_runner
from inference.openai.vllm_metrics import VllmMetrics
from inference.runner import Runner


@dataclass(frozen=True, slots=True)
class OllamaView:
    """Ollama's side of it. `version` is None for a build that does not say; `process` and `runner` are None where the
    server is elsewhere or may not be looked at. `runner` is the one that was there before we asked anything."""

    api: OllamaApi
    version: str | None
    shown: Shown
    process: ServerProcess | None
    runner: Runner | None

    def running(self, model: str) -> Running | None:
        """The line of /api/ps for a model, just now."""
        return running_entry(self.api, model, self.shown.weights)


@dataclass(frozen=True, slots=True)
class Patient:
    """The connection that the commands would use, the machine, and the server where it is Ollama."""

    connection: Connection
    hardware: Hardware
    ollama: OllamaView | None = None
    runner_now: Callable[[], Runner | None] = lambda: None
    """Looks for the process that holds the model just now; None where it cannot be seen."""
    vllm: VllmMetrics | None = None
    """Of a server that counts so."""

    @property
    def model(self) -> str:
        return self.connection.model

    @property
    def on_vllm(self) -> bool:
        return self.vllm is not None or (self.connection.facts.version or "").startswith("vllm")

    @property
    def on_card(self) -> float | None:
        """The share of the loaded model that lies in a card's memory, 0 to 1; None where nobody tells."""
        entry = self.ollama.running(self.model) if self.ollama else None
        return entry.card_share if entry else None


def finder(connection: Connection) -> Callable[[], Runner | None]:
    """How the process behind a connection is found on this machine: a child of Ollama, or a llama-server."""
    facts = connection.facts
    if facts.base_url is None:
        return lambda: None
    if connection.engine == "ollama":
        address = ollama_address(facts.base_url)
        return lambda: find_runner(address, facts.weights_sha256)
    listening = openai_address(facts.base_url)
    return lambda: listening_runner(listening)


Check = Callable[[Patient], Iterable[Finding]]


def look_at_ollama(api: OllamaApi, model: str, before: Sequence[Runner]) -> OllamaView:
    """Read what Ollama tells of a model without loading it. `before` are the server's processes from before anything
    was asked of it (`inference.ollama.runner.find_runners`): to connect may load the model."""
    shown = api.show(model)
    return OllamaView(
        api=api,
        version=api.version(),
        shown=shown,
        process=server_process(api.address),
        runner=next((runner for runner in before if runner.weights == shown.weights), None),
    )
