"""The asked folder: which files are there, which of them are read, and why the others are not."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from inference.errors import FolderError
from rag.document import Outcome, Parsed
from rag.found import Found, FoundFile, Link
from rag.ignore import Rules
from rag.parse import refusal

_SKIPPED = frozenset({"node_modules", "__pycache__", "venv"})
_Identity = tuple[int, int]
"""Device and number of a file: the same by whatever path or link it is reached."""


def check_folder(folder: Path) -> Path:
    """The resolved folder. Raises FolderError where it is none, or so wide that it cannot be meant."""
    try:
        resolved = folder.expanduser().resolve()
    except (RuntimeError, OSError) as error:
        raise FolderError(f"{folder}: {error}", next_step="check the spelling of the folder") from error
    if str(resolved) != _shown(str(resolved)):
        raise FolderError(f"the name of {_shown(str(resolved))} is not valid Unicode", next_step="rename the folder")
    if not resolved.exists():
        raise FolderError(
            f"there is no folder {folder}", next_step="check the spelling, or make it and put documents in"
        )
    if not resolved.is_dir():
        raise FolderError(f"{folder} is a file", next_step=f"name its folder: {resolved.parent}")
    if _too_wide(resolved):
        raise FolderError(
            f"{resolved} is a whole home folder or disk: reading all of it cannot be meant",
            next_step="name a folder of documents inside it, for instance ~/Documents/contracts",
        )
    return resolved


def scan(folder: Path) -> Found:
    """Raises FolderError where the folder cannot be entered.

    Links are followed, after everything that lies in the folder itself: a file or folder that is reached twice is
    read once. Ignored are what is hidden, the folders of tools, and what .gitignore and .speedkingignore say.
    """
    walk = _Walk(folder)
    walk.run()
    by_path = attrgetter("path")
    return Found(tuple(sorted(walk.found, key=by_path)), tuple(sorted(walk.followed, key=by_path)))


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to enter: where it lies, its path with "/" at the end ("" for the asked one), the rules above it."""

    real: str
    path: str
    rules: Rules


class _Walk:
    def __init__(self, folder: Path) -> None:
        self.found: list[FoundFile] = []
        self.followed: list[Link] = []
        self._folder = folder
        self._reached: dict[_Identity, str] = {}
        self._folders = [_Folder(str(folder), "", Rules())]
        self._links: list[tuple[str, str, Rules]] = []

    def run(self) -> None:
        try:
            self._reached[_identity(os.stat(self._folder))] = "."
        except OSError as error:
            raise FolderError(
                f"{self._folder} cannot be read: {error.strerror}", next_step="see whether it is still there"
            ) from error
        while self._folders or self._links:
            if self._folders:
                self._enter(self._folders.pop())
            else:
                self._links.sort(key=lambda link: link[1], reverse=True)
                link, path, rules = self._links.pop()
                self._reach(os.path.realpath(link), path, rules, link=True)

    def _enter(self, folder: _Folder) -> None:
        try:
            with os.scandir(folder.real) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            if not folder.path:
                raise FolderError(
                    f"{folder.real} cannot be read: {error.strerror}", next_step="see who may read it"
                ) from error
            self._refuse(folder.path, "failed", f"cannot be read: {error.strerror}")
            return
        rules = folder.rules.within(folder.real, folder.path, {entry.name for entry in entries})
        for entry in entries:
            self._take(entry, folder.path + entry.name, rules)

    def _take(self, entry: os.DirEntry[str], path: str, rules: Rules) -> None:
        shown = f"{path}/" if _is_folder(entry) else path
        if rule := _always_ignored(entry.name) or rules.ignoring(shown):
            self._refuse(shown, "ignored", rule)
        elif _is_link(entry):
            self._links.append((entry.path, path, rules))
        else:
            self._reach(entry.path, path, rules, link=False)

    def _reach(self, real: str, path: str, rules: Rules, *, link: bool) -> None:
        """A file or folder that no rule ignores. `real` is where it lies, `link` whether a link leads there."""
        try:
            status = os.stat(real)
        except OSError as error:
            if link:
                self._refuse(path, "failed", f"a link to {real}: {error.strerror}")
            elif not isinstance(error, FileNotFoundError):  # gone since it was listed
                self._refuse(path, "failed", f"cannot be read: {error.strerror}")
            return
        is_folder = stat.S_ISDIR(status.st_mode)
        shown = f"{path}/" if is_folder else path
        before = self._reached.get(_identity(status))
        # Two names of one file in the folder itself (hard links) are two files to a person.
        if before is not None and (link or is_folder or not self._inside(real)):
            self._refuse(shown, "ignored", f"a link to {before}" if link else f"read as {before}")
        elif is_folder and link and (_too_wide(Path(real)) or self._folder.is_relative_to(real)):
            self._refuse(shown, "ignored", f"a link to {real}, which is too wide to be meant")
        elif not (is_folder or stat.S_ISREG(status.st_mode)):
            self._refuse(path, "ignored", "a pipe, socket or device")
        else:
            self._reached[_identity(status)] = shown
            if link:
                self.followed.append(Link(_shown(shown), _shown(real)))
            if is_folder:
                self._folders.append(_Folder(real, shown, rules))
            else:
                self._file(path, status)

    def _inside(self, real: str) -> bool:
        return Path(real).is_relative_to(self._folder)

    def _file(self, path: str, status: os.stat_result) -> None:
        suffix = os.path.splitext(path)[1]
        if path != _shown(path):
            self._refuse(path, "unsupported", "its name is not valid Unicode: rename it")
        elif reason := refusal(suffix):
            self._refuse(path, "unsupported", reason)
        else:
            self.found.append(FoundFile(path, status.st_size, status.st_mtime_ns))

    def _refuse(self, path: str, outcome: Outcome, reason: str) -> None:
        self.found.append(FoundFile(_shown(path), refused=Parsed(outcome, _shown(reason))))


def _always_ignored(name: str) -> str | None:
    if name.startswith("."):
        return "hidden"
    if name.startswith("~$"):
        return "a lock file of Word or Excel"
    return f"{name}: never read" if name in _SKIPPED else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Or a link to one; False where that cannot be told, as for a link to itself."""
    with suppress(OSError):
        return entry.is_dir()
    return False


def _is_link(entry: os.DirEntry[str]) -> bool:
    """Windows' junctions included, which lead elsewhere as links do."""
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    if entry.is_symlink() or junction is None:
        return entry.is_symlink()
    return bool(getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", None) == junction)


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _shown(path: str) -> str:
    """The path with \\x.. or \\u.... for bytes that are no Unicode."""
    return path.encode("utf-8", "backslashreplace").decode()


def _too_wide(folder: Path) -> bool:
    return folder == Path.home().resolve() or folder == Path(folder.anchor)
