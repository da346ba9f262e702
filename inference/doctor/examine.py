"""The examination: every check in order, the quick ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from inference.address import ollama_address
from inference.connection import Connection
from inference.doctor import cycles, machine, model, modelfile, pace, requests, server
from inference.doctor.finding import Finding, unknown
from inference.doctor.patient import Check, Patient, finder, look_at_ollama
from inference.errors import EngineError
from inference.hardware.machine import Hardware, probe_hardware
from inference.ollama.api import OllamaApi
from inference.openai.address import openai_address
from inference.openai.api import OpenAIApi
from inference.openai.vllm_metrics import VllmMetrics, read_metrics
from inference.runner import Runner

METRICS_S = 5.0
READ: Sequence[Check] = (
    server.version,
    server.cloud,
    modelfile.stored,
    model.context,
    model.penalties,
    machine.driver,
)
"""Nothing is asked of the model."""
ASKED: Sequence[Check] = (
    requests.reloads,
    model.on_card,
    server.cache_type,
    server.flash_attention,
    server.slots,
    server.queue,
    requests.truncation,
)
"""Answers of one token, and the model's process once it is loaded."""
MEASURED: Sequence[Check] = (cycles.prefix_cache, requests.thinking, requests.tool_calls, pace.paces)
"""Minutes on a CPU, seconds on a card."""


def examine(patient: Patient, checks: Sequence[Check]) -> Iterator[Finding]:
    """Findings as they are made. A check that the engine's failure ends is told as not known, and the next one runs:
    a doctor does not die of the patient."""
    for check in checks:
        try:
            yield from check(patient)
        except EngineError as error:
            yield unknown(check.__name__.replace("_", " "), f"{error.message}; {error.next_step}")


@contextmanager
def examination(
    connection: Connection,
    before: Sequence[Runner] = (),
    *,
    hardware: Hardware | None = None,
    api_key: str | None = None,
) -> Iterator[Callable[[Sequence[Check]], Iterator[Finding]]]:
    """The checks of a connection: call what this gives with those wanted.

    `before` are the model processes from before the connection was made (`inference.ollama.runner.find_runners`), since
    making it may load the model. `hardware` is this machine's where the model runs here, else unknown.
    """
    url = connection.facts.base_url
    address = ollama_address(url) if url else None
    here = address is None or address.local
    known = hardware or (probe_hardware() if here else Hardware.unknown())
    patient = Patient(connection, known, runner_now=finder(connection), vllm=_vllm(connection, api_key))
    if connection.engine != "ollama" or address is None:
        yield lambda checks: examine(patient, checks)
        return
    with OllamaApi(address) as api:
        seen = replace(patient, ollama=look_at_ollama(api, connection.model, before))
        yield lambda checks: examine(seen, checks)


def _vllm(connection: Connection, api_key: str | None) -> VllmMetrics | None:
    """What a vLLM counts; None for any other server, and for one whose counts are out of reach."""
    url = connection.facts.base_url
    if connection.engine != "openai" or url is None:
        return None
    with OpenAIApi(openai_address(url), api_key=api_key, timeout_s=METRICS_S) as api:
        text = api.metrics()
    counted = None if text is None else read_metrics(text)
    return None if counted is None or counted.running is None else counted
