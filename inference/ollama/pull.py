"""Getting a model onto the server: with progress, with room on the disk, and going on where it broke off."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from inference.errors import (
    EngineError,
    EngineUnavailableError,
    GenerationError,
    ModelMissingError,
    ModelUnsuitableError,
)
from inference.ollama.api import OllamaApi
from inference.ollama.types import Progress
from inference.ollama.version import NEWER

ATTEMPTS = 5
"""Breaks in a row without a byte more; the server itself tries each piece six times before it gives up."""
PAUSE_S = 2.0
SPARE_BYTES = 1 << 30
"""Of disk, left for everybody else."""
_NO_SUCH = re.compile(r"file does not exist|not found")
_TOO_OLD = re.compile(r"newer version|\b412\b")
_NO_NETWORK = re.compile(r"dial tcp|no such host|TLS handshake|proxyconnect|certificate")
_DISK_FULL = re.compile(r"no space left|not enough space", re.IGNORECASE)


@dataclass(slots=True)
class Download:
    """How far a pull is, over all layers that were named so far; in bytes."""

    completed_by_digest: dict[str, int] = field(default_factory=dict)
    total_by_digest: dict[str, int] = field(default_factory=dict)
    status: str = ""

    def see(self, line: Progress) -> None:
        self.status = line.status
        if line.digest:
            self.total_by_digest[line.digest] = line.total
            self.completed_by_digest[line.digest] = line.completed

    @property
    def completed_bytes(self) -> int:
        return sum(self.completed_by_digest.values())

    @property
    def total_bytes(self) -> int:
        return sum(self.total_by_digest.values())


OnDownload = Callable[[Download], None]


def pull(
    api: OllamaApi,
    model: str,
    on_progress: OnDownload = lambda _download: None,
    *,
    store: Path | None = None,
    attempts: int = ATTEMPTS,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Download a model through the server; what was there of it already is kept and gone on with.

    `store` is the server's folder of models where that is on this machine: a download that does not fit is
    stopped at the first line that tells its size. Raises ModelMissingError (the library has no such model),
    ModelUnsuitableError (no room), EngineUnavailableError (the library cannot be reached), GenerationError
    (broken off `attempts` times in a row without a byte more).
    """
    download, left = Download(), attempts
    while True:
        before = download.completed_bytes
        try:
            api.pull(model, _watch(download, model, on_progress, store))
            return
        except (GenerationError, EngineUnavailableError) as error:
            if (refusal := _refusal(error, model, download)) is not None:
                raise refusal from error
            left = attempts if download.completed_bytes > before else left - 1
            if left <= 0:
                raise _broken(model, error, download) from error
            wait(PAUSE_S)


def _watch(download: Download, model: str, on_progress: OnDownload, store: Path | None) -> Callable[[Progress], None]:
    def see(line: Progress) -> None:
        download.see(line)
        if store is not None and line.digest:
            must_have_room(model, download.total_bytes - download.completed_bytes, store)
        on_progress(download)

    return see


def must_have_room(model: str, needed_bytes: int, store: Path) -> None:
    """Raise ModelUnsuitableError where a download of so many bytes does not fit beside the models in `store`."""
    free = shutil.disk_usage(store).free
    if needed_bytes + SPARE_BYTES > free:
        raise ModelUnsuitableError(
            f"{model!r} still needs {needed_bytes / 1e9:.1f} GB and {store} has {free / 1e9:.1f} GB free; no more of it"
            " is downloaded",
            next_step="free space (`ollama list`, `ollama rm NAME`), or set OLLAMA_MODELS to a larger disk",
        )


def _refusal(error: EngineError, model: str, download: Download) -> EngineError | None:
    """The error that trying again does not mend; None where it may."""
    if isinstance(error, EngineUnavailableError):
        # The server went away in the middle: it may be restarting. One that was never there is just that.
        return None if download.status else error
    if _DISK_FULL.search(error.message):
        return ModelUnsuitableError(
            f"the disk is full: {error.message}", next_step="free space and pull again: it goes on where it stopped"
        )
    if not download.total_by_digest:
        if _NO_NETWORK.search(error.message):
            return EngineUnavailableError(
                f"the library of models cannot be reached: {error.message}",
                next_step="check the network and the proxy of the server (HTTPS_PROXY), or use a GGUF file:"
                " `speedking tune --model FILE.gguf`",
            )
        if _NO_SUCH.search(error.message):
            return ModelMissingError(
                f"the library has no model {model!r}", next_step="`speedking models` lists models that exist"
            )
        if _TOO_OLD.search(error.message):
            return ModelUnsuitableError(f"{model!r} cannot be pulled: {error.message}", next_step=NEWER)
        return error  # nothing was begun, so there is nothing to go on with
    return None


def _broken(model: str, error: EngineError, download: Download) -> GenerationError:
    done = f"{download.completed_bytes / 1e9:.2f} of {download.total_bytes / 1e9:.2f} GB"
    return GenerationError(
        f"the download of {model!r} broke off at {done}: {error.message}",
        next_step=f"run it again: it goes on there (`ollama pull {model}`)",
    )
