"""Getting a model onto the server, where the person says so: what it needs is said before a byte is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inference.errors import ModelUnsuitableError
from speedking.console import Terminal, clean

if TYPE_CHECKING:
    from inference.address import ServerAddress
    from inference.choice.catalog import CatalogModel
    from inference.hardware.machine import Hardware
    from inference.ollama.pull import Download, OnDownload


def agreed(name: str, terminal: Terminal, *, asked_for: bool) -> bool:
    """Whether to download: `asked_for` is --pull; else a person at a terminal is asked, and silence means no."""
    if asked_for:
        return True
    return terminal.interactive and terminal.agreed(
        f"{name} is not installed{_size(name)}: download it?", default=False
    )


def download(name: str, server: ServerAddress, timeout_s: float, terminal: Terminal) -> None:
    """Pull a model through the server. Raises ModelUnsuitableError where this machine has no memory or no disk for
    it, before anything is downloaded, where the table of models knows its size; else at the first line that tells."""
    from inference.choice.catalog import find_model
    from inference.hardware.machine import Hardware, probe_hardware
    from inference.ollama.api import OllamaApi
    from inference.ollama.binary import store_at
    from inference.ollama.pull import must_have_room, pull

    known, store = find_model(name), store_at(server)
    if known is not None:
        _must_fit(known, probe_hardware() if server.local else Hardware.unknown())
        # What is there of it already is known only to the server, which tells at its first line.
        if store is not None and not any(store.glob("blobs/*-partial*")):
            must_have_room(name, known.file_of(name).size_bytes, store)
    with OllamaApi(server, timeout_s=timeout_s) as api, _bar(name, terminal) as on_progress:
        pull(api, name, on_progress, store=store)


def _must_fit(model: CatalogModel, hardware: Hardware) -> None:
    from inference.choice.fit import fit, shape_of
    from inference.hardware.machine import GIB

    found = fit(shape_of(model), hardware, 4_096)
    if found.place == "does not fit":
        raise ModelUnsuitableError(
            f"{model.tag} needs {found.need.total_bytes / GIB:.1f} GiB at the smallest context, and this machine has"
            f" {(found.memory_bytes or 0) / GIB:.1f}: nothing was downloaded",
            next_step="`speedking models` shows what fits",
        )


def _size(name: str) -> str:
    from inference.choice.catalog import find_model

    known = find_model(name)
    return "" if known is None else f" ({known.file_of(name).size_bytes / 1e9:.1f} GB)"


@contextmanager
def _bar(name: str, terminal: Terminal) -> Iterator[OnDownload]:
    """A bar on a terminal; elsewhere a line for every tenth."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    shown = terminal.err.is_terminal and not terminal.json_mode
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    tenths: set[int] = set()
    with Progress(*columns, console=terminal.err, disable=not shown, transient=True) as progress:
        task = progress.add_task(f"pulling {clean(name)}", total=None)

        def on_progress(done: Download) -> None:
            progress.update(task, total=done.total_bytes or None, completed=done.completed_bytes)
            tenth = 10 * done.completed_bytes // done.total_bytes if done.total_bytes else 0
            if not shown and tenth and tenth not in tenths:
                tenths.add(tenth)
                terminal.note(f"pulling {name}: {done.completed_bytes / 1e9:.2f} of {done.total_bytes / 1e9:.2f} GB")

        yield on_progress
