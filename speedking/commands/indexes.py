"""speedking indexes and forget: which folders have an index, and removing one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.errors import UsageError
from speedking.agent_runs import forget_runs
from speedking.console import Terminal, place
from speedking.conversation import forget_conversations
from speedking.meter import Cancelled

if TYPE_CHECKING:
    from rag.catalogue import IndexInfo


def run(*, terminal: Terminal) -> int:
    from rag.catalogue import indexes

    found = indexes()
    if terminal.json_mode:
        terminal.json({"indexes": [_json(info) for info in found]})
    elif found:
        _show(found, terminal)
    else:
        terminal.show("no folder was indexed yet")
    return 0


def forget(folder: Path, *, index: Path | None, yes: bool, terminal: Terminal) -> int:
    """Asks a person first; a script says --yes. The folder itself may be gone."""
    from rag.catalogue import forget as forget_location
    from rag.catalogue import forget_folder

    _check_meant(folder, index)
    if not yes:
        _confirm(folder, terminal)
    location = forget_folder(folder) if index is None else forget_location(index)
    forget_conversations(location)
    forget_runs(location)
    with suppress(OSError):  # something else lies there
        location.rmdir()
    if terminal.json_mode:
        terminal.json({"forgotten": str(location)})
    else:
        terminal.show(f"forgotten: {location}")
    return 0


def _check_meant(folder: Path, index: Path | None) -> None:
    """Raises UsageError where the index at that place is another folder's."""
    if index is None:
        return
    from rag.location import Location

    note = Location(index.expanduser()).note()
    if note is not None and note.folder != str(folder.expanduser().resolve()):
        raise UsageError(f"{index} is the index of {note.folder}, not of {folder}", next_step="name that folder")


def _confirm(folder: Path, terminal: Terminal) -> None:
    if not terminal.interactive:
        raise UsageError(f"forgetting the index of {folder} cannot be undone", next_step="say that it is meant: --yes")
    if not terminal.agreed(f"forget the index of {folder}, and what was asked of it?", default=False):
        raise Cancelled("the index stays")


def _json(info: IndexInfo) -> dict[str, Any]:
    return {
        "folder": str(info.folder),
        "folder_exists": info.folder_exists,
        "index": str(info.location),
        "encoder": info.encoder,
        "files": info.files,
        "passages": info.passages,
        "bytes": info.bytes,
        "synced_at": None if info.synced_at is None else info.synced_at.isoformat(),
    }


def _show(found: Sequence[IndexInfo], terminal: Terminal) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("folder", overflow="fold")
    for column in ("files", "passages", "size", "last sync", "encoder"):
        table.add_column(column, justify="left" if column == "encoder" else "right", no_wrap=True)
    for info in found:
        gone = "" if info.folder_exists else " (not there)"
        synced = "-" if info.synced_at is None else f"{info.synced_at.astimezone():%Y-%m-%d %H:%M}"
        counts = (_number(info.files), _number(info.passages), f"{info.bytes / 1e6:,.1f} MB", synced)
        table.add_row(Text(place(str(info.folder), None) + gone), *counts, Text(place(info.encoder, None)))
    terminal.show(table)


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
