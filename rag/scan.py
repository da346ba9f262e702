"""The asked folder: which files are there, and which of them are read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.errors import FolderError
from rag.parse import SUPPORTED

_SKIPPED = frozenset({"node_modules", "__pycache__", "venv"})


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as the operating system lists it; `path` is relative to the folder, with "/"."""

    path: str
    size: int
    mtime_ns: int
    named_in_unicode: bool = True
    """Else `path` shows the bytes that are none as \\x.., and no file is found under it."""

    @property
    def refusal(self) -> str | None:
        """Why it is not read; None where it is."""
        if not self.named_in_unicode:
            return "its name is not valid Unicode: rename it"
        suffix = os.path.splitext(self.path)[1]
        return None if suffix.lower() in SUPPORTED else f"{suffix or 'no suffix'}: not a format that is read"


def check_folder(folder: Path) -> Path:
    """The resolved folder. Raises FolderError where it is none, or so wide that it cannot be meant."""
    try:
        resolved = folder.expanduser().resolve()
    except (RuntimeError, OSError) as error:
        raise FolderError(f"{folder}: {error}", next_step="check the spelling of the folder") from error
    if not resolved.exists():
        raise FolderError(
            f"there is no folder {folder}", next_step="check the spelling, or make it and put documents in"
        )
    if not resolved.is_dir():
        raise FolderError(f"{folder} is a file", next_step=f"name its folder: {resolved.parent}")
    if resolved == Path.home().resolve() or resolved == Path(resolved.anchor):
        raise FolderError(
            f"{resolved} is a whole home folder or disk: reading all of it cannot be meant",
            next_step="name a folder of documents inside it, for instance ~/Documents/contracts",
        )
    return resolved


def scan(folder: Path) -> Iterator[FoundFile]:
    """Every regular file below the folder, in the order of paths. Hidden files, hidden folders and symbolic
    links are left out; a folder that may not be entered is passed over."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED]
        for name in names:
            path = Path(parent, name)
            if name.startswith("."):
                continue
            try:
                status = path.lstat()
            except OSError:  # gone since it was listed
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            named = path.relative_to(folder).as_posix()
            shown = named.encode("utf-8", "backslashreplace").decode()
            found.append(FoundFile(shown, status.st_size, status.st_mtime_ns, named == shown))
    return iter(sorted(found, key=lambda file: file.path))
