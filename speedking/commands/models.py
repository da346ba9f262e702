"""speedking models: what is installed and what suits this machine; size, where it fits, speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from speedking.console import Terminal
from speedking.engine import ollama_url
from speedking.measured import Measured, last_of, measured_runs
from speedking.models_found import Here, Server, View
from speedking.models_shown import show
from speedking.settings import Settings

if TYPE_CHECKING:
    from inference.address import ServerAddress
    from inference.hardware.machine import Hardware
    from inference.ollama.api import OllamaApi
    from inference.ollama.types import Installed


def run(*, settings: Settings, machine: str | None, purpose: str, terminal: Terminal) -> int:
    """Pulls nothing, loads nothing. `machine` is a described one, in the place of this."""
    from inference.address import ollama_address
    from inference.choice.recommend import recommend
    from inference.errors import EngineError
    from inference.hardware.described import parse_machine
    from inference.hardware.machine import Hardware, probe_hardware
    from inference.purposes import purpose as purpose_of

    context = purpose_of(purpose).context_tokens
    address = ollama_address(ollama_url(settings))
    if machine is not None:
        hardware = parse_machine(machine)
    else:
        hardware = probe_hardware() if address.local else Hardware.unknown()
    # What was measured here says nothing of another machine.
    runs = measured_runs() if machine is None and address.local else ()
    try:
        server = _server(address, hardware, context, runs, settings.timeout_s)
    except EngineError as error:
        server = Server(address.shown, None, (), error.message)
    made = recommend(hardware, context)
    view = View(hardware, purpose, server, made, runs)
    if terminal.json_mode:
        terminal.json(view.document())
    else:
        show(view, terminal)
    return 0


def _server(
    address: ServerAddress, hardware: Hardware, context: int, runs: tuple[Measured, ...], timeout_s: float
) -> Server:
    from inference.ollama.api import OllamaApi

    with OllamaApi(address, timeout_s=timeout_s) as api:
        version = api.version()
        installed = tuple(_here(api, entry, hardware, context, runs) for entry in api.installed())
    return Server(address.shown, version, installed)


def _here(api: OllamaApi, entry: Installed, hardware: Hardware, context: int, runs: tuple[Measured, ...]) -> Here:
    from inference.choice.catalog import find_size
    from inference.choice.fit import fit, shape_from_metadata, shape_of

    if entry.remote_host:
        return Here(entry.name, entry.size, None, None, f"runs at {entry.remote_host}, not here")
    shown = api.show(entry.name)
    if shown.capabilities is not None and "completion" not in shown.capabilities:
        return Here(entry.name, entry.size, None, None, "writes no text")
    # The table knows more than the metadata, also of a tag that was tuned from one of its models; a tag alone may
    # have been given to another file.
    known = find_size(entry.size)
    shape = shape_from_metadata(entry.name, entry.size, shown.number) if known is None else shape_of(known)
    within = min(context, shape.trained_context or context)
    return Here(entry.name, entry.size, fit(shape, hardware, within), last_of(runs, entry.name, entry.digest))
