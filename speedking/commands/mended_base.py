"""The model behind FROM of somebody's Modelfile: where it lies, what is known of it, why nothing can be made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import EngineUnavailableError, ModelMissingError, SpeedkingError
from speedking.console import Terminal

if TYPE_CHECKING:
    from inference.address import ServerAddress
    from inference.modelfile.findings import BaseFacts, MachineFacts
    from inference.ollama.api import OllamaApi


def located(base: str | None, modelfile: Path) -> str | None:
    """A path in FROM lies beside the Modelfile, as `ollama create` has it; a file of that name goes before a model."""
    from inference.modelfile.tags import is_path

    if base is None:
        return None
    file = (modelfile.parent / Path(base).expanduser()).resolve()
    return str(file) if is_path(base) or file.exists() else base


def base_of(
    base: str | None, server: ServerAddress, timeout_s: float
) -> tuple[BaseFacts | None, SpeedkingError | None]:
    """What is known of the base, and why the model cannot be made."""
    from inference.modelfile.findings import BaseFacts
    from inference.modelfile.tags import inherited
    from inference.ollama.api import OllamaApi

    if base is None:
        return None, None
    try:
        with OllamaApi(server, timeout_s=timeout_s) as api:
            api.version()
            if Path(base).is_absolute():
                return _file_facts(base)
            return _installed_facts(api, base), None
    except ModelMissingError as error:
        return BaseFacts(base, installed=False, parameters=inherited(base)), error
    except EngineUnavailableError as error:
        return (_file_facts(base)[0] if Path(base).is_absolute() else None), error
    except SpeedkingError as error:
        return None, error


def _installed_facts(api: OllamaApi, base: str) -> BaseFacts:
    """Raises ModelMissingError, and ModelUnsuitableError for one that writes no text or runs elsewhere."""
    from inference.modelfile.findings import base_facts
    from inference.ollama.choice import find, missing, must_complete, must_run_there

    installed = api.installed()
    entry = find(base, installed)
    if entry is None:
        raise missing(base, installed, api.address.shown)
    must_run_there(entry, api.address.shown)
    shown = api.show(entry.name)
    must_complete(entry.name, shown)
    return base_facts(base, shown, entry.size)


def _file_facts(base: str) -> tuple[BaseFacts | None, SpeedkingError | None]:
    from inference.gguf.file import read_chat_model
    from inference.modelfile.findings import BaseFacts

    try:
        file = read_chat_model(Path(base))
    except SpeedkingError as error:
        error.next_step = "name a GGUF file or an installed model behind FROM; a folder is for `ollama create`"
        return None, error
    facts = BaseFacts(base, trained_context=file.trained_context, draft_layers=file.number("nextn_predict_layers"))
    return facts, None


def pulled(
    base: str,
    refusal: ModelMissingError,
    server: ServerAddress,
    facts: BaseFacts | None,
    timeout_s: float,
    terminal: Terminal,
    *,
    asked_for: bool = False,
) -> tuple[BaseFacts | None, SpeedkingError | None]:
    """The base after a download that the person agreed to; without a person, or a yes, the refusal stands."""
    from inference.ollama.api import OllamaApi
    from speedking.pulling import agreed, download

    if not agreed(base, terminal, asked_for=asked_for):
        return facts, refusal
    download(base, server, timeout_s, terminal)
    with OllamaApi(server, timeout_s=timeout_s) as api:
        return _installed_facts(api, base), None


def machine(server: ServerAddress) -> MachineFacts | None:
    """This machine, where the server runs on it."""
    from inference.modelfile.findings import MachineFacts

    if not server.local:
        return None
    from inference.hardware.machine import probe_hardware

    hardware = probe_hardware()
    return MachineFacts(physical_cores=hardware.cores, card_bytes=hardware.card_bytes or None)
