"""The indexes of this person's folders: what there is, and forgetting one."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inference.errors import IndexBusyError, IndexFormatError
from rag.location import NOTE, STORES, Location, default_location, indexes_folder
from rag.lock import LOCK_FILE, write_lock
from rag.store import DATABASE


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """An index. `files` that were read, `passages` and `synced_at` (UTC) are None where it is damaged or unfinished.

    `bytes` on disk. `folder_exists`: False where the documents are gone or their drive is not mounted.
    """

    folder: Path
    location: Path
    encoder: str
    files: int | None
    passages: int | None
    bytes: int
    synced_at: datetime | None
    folder_exists: bool


def indexes() -> list[IndexInfo]:
    """Those in the platform's data folder, in the order of their folders; a damaged note is passed over."""
    return sorted(_found(indexes_folder()), key=lambda info: str(info.folder))


def forget_folder(folder: str | os.PathLike[str]) -> Path:
    """Removes the index of a folder in the platform's data folder; returns where it lay. Raises as `forget` does."""
    path = Path(folder).expanduser().resolve()
    location = default_location(path)
    # Without a note where the first sync was killed as it began.
    if not (location / NOTE).exists() and not any(location.glob(STORES)):
        raise IndexFormatError(f"there is no index of {path}", next_step="see which there are: speedking indexes")
    return _remove(location)


def forget(location: str | os.PathLike[str]) -> Path:
    """Removes the index at a location, and nothing else; returns the location.

    Raises IndexFormatError where there is none, IndexBusyError where another process writes it or has it open on a
    system that then keeps its files.
    """
    path = Path(location).expanduser().resolve()
    if not (path / NOTE).exists():
        raise IndexFormatError(f"there is no index at {path}", next_step="see which there are: speedking indexes")
    return _remove(path)


def _remove(location: Path) -> Path:
    with write_lock(location, wait=False):
        for store in location.glob(STORES):
            shutil.rmtree(store, ignore_errors=True)
        if left := next(location.glob(STORES), None):
            raise IndexBusyError(
                f"{left} could not be removed: another process may have it open",
                next_step="end what reads this index, and forget it again",
            )
        (location / NOTE).unlink(missing_ok=True)
        with suppress(OSError):  # Windows keeps the lock's file while it is held
            (location / LOCK_FILE).unlink()
    with suppress(OSError):  # something else lies there
        location.rmdir()
    return location


def _found(folder: Path) -> Iterator[IndexInfo]:
    for path in folder.glob(f"*/{NOTE}"):
        with suppress(IndexFormatError):
            if note := Location(path.parent).note():
                files, passages, synced_at = _contents(path.parent / note.store / DATABASE)
                documents = Path(note.folder)
                size = _size(path.parent)
                yield IndexInfo(
                    documents, path.parent, note.encoder, files, passages, size, synced_at, documents.is_dir()
                )


def _size(location: Path) -> int:
    """Bytes of all files below; a writer may remove one at any moment."""
    size = 0
    for folder, _, names in os.walk(location):
        for name in names:
            with suppress(OSError):
                size += os.stat(os.path.join(folder, name)).st_size
    return size


def _contents(database: Path) -> tuple[int | None, int | None, datetime | None]:
    """(files read, passages, time of the last sync)."""
    query = """SELECT (SELECT count(*) FROM files WHERE outcome IN ('indexed', 'partial')),
        (SELECT count(*) FROM passages), (SELECT value FROM meta WHERE key = 'synced_at')"""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10.0)) as connection:
            files, passages, synced_at = connection.execute(query).fetchone()
    except sqlite3.Error:
        return None, None, None
    return files, passages, datetime.fromisoformat(synced_at) if synced_at else None
