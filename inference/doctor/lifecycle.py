"""Whether there is a server at all: installed, started, answering."""

from __future__ import annotations

from inference.address import ServerAddress
from inference.doctor.finding import Finding
from inference.errors import EngineUnavailableError
from inference.ollama.api import OllamaApi
from inference.ollama.binary import find_binary, serving_ports


def absence(address: ServerAddress) -> Finding | None:
    """Why no Ollama answers, and what to do; None where one does."""
    try:
        with OllamaApi(address) as api:
            api.version()
        return None
    except EngineUnavailableError as error:
        said, step = error.message, error.next_step
    if not address.local:
        return Finding("server", "fault", said, f"the address is {address.shown}", step)
    if "is not Ollama" in said:
        return Finding("server", "fault", said, f"the address is {address.shown}", step)
    if elsewhere := [port for port in serving_ports() if port != address.port]:
        ports = " and ".join(map(str, elsewhere))
        step = f"OLLAMA_HOST=127.0.0.1:{elsewhere[0]}, or leave OLLAMA_HOST unset where that is 11434"
        said = f"nothing answers at port {address.port}, but `ollama serve` listens at port {ports}"
        return Finding("server", "fault", said, f"the address is {address.shown}", step)
    try:
        program = find_binary()
    except EngineUnavailableError as error:
        return Finding("server", "fault", "Ollama is not installed", error.message, error.next_step)
    return Finding(
        "server", "fault", "Ollama is installed and does not run", f"{program} is there; {said}", f"{program} serve"
    )
