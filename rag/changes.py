"""What is different in a folder since the last sync: by a stat per file, and by content where that is not enough."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from rag.database import LOST, FileRow
from rag.document import Parsed
from rag.found import FoundFile, Link
from rag.scan import scan

GRAIN_NS = 2_000_000_000
"""The coarsest clock of a file system (FAT's): a file changed twice within it may show one and the same time."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that is new or was changed. `content_hash` is empty where it is refused or cannot be read."""

    file: FoundFile
    content_hash: str
    racy: bool

    def row(self, stages: str, parsed: Parsed) -> FileRow:
        file = self.file
        key = file.path, file.size, file.mtime_ns, self.content_hash
        return FileRow(*key, stages, parsed.outcome, parsed.reason, self.racy)


@dataclass(slots=True)
class Changes:
    """`moved`: (old path, file). `touched`: written, and holding what they held. `lost`: path -> reason of links that
    were read and lead to nothing now. `gone`: paths. `links`: those that are followed."""

    changed: list[Changed] = field(default_factory=list)
    moved: list[tuple[str, Changed]] = field(default_factory=list)
    touched: list[Changed] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    links: tuple[Link, ...] = ()


def changes(folder: Path, known: Mapping[str, FileRow], stages: str, *, verify: bool) -> tuple[int, Changes]:
    """(Number of files that are not ignored, what changed among all). `verify` hashes what seems unchanged too.

    What is or lies below a folder or link that cannot be read now, as on a drive that is not mounted, stays as it was.
    """
    now_ns = time.time_ns()
    found = scan(folder)
    missing = known.keys() - {file.path for file in found.files}
    away = found.away(known)
    read = {path for path in away if known[path].content_hash}
    kept = missing & away
    result = Changes(gone=missing - kept, links=found.links)
    for file in found.files:
        row = known.get(file.path)
        if file.away:
            file = _with_what_stays(file, read)
        if row and row.content_hash and file.away:
            if not _is_lost(row):
                result.lost[file.path] = file.away
        elif file.refused:
            _sort_in(result, row, Changed(file, "", False), stages)
        elif row is None or row.stages != stages or verify or not _same(row, file):
            _sort_in(result, row, _hashed(folder, file, now_ns), stages)
    _find_moves(result, known, stages)
    files = found.meant + sum(known[path].outcome != "ignored" for path in kept)
    return files, result


def _sort_in(result: Changes, row: FileRow | None, now: Changed, stages: str) -> None:
    if row is None or not _held(row, now, stages):
        result.changed.append(now)
    elif (row.size, row.mtime_ns, row.racy) != (now.file.size, now.file.mtime_ns, now.racy):
        result.touched.append(now)


def _held(row: FileRow, now: Changed, stages: str) -> bool:
    """Whether the index has it already; what is not read, with its reason."""
    if refused := now.file.refused:
        return (row.outcome, row.reason) == (refused.outcome, refused.reason)
    return not _is_lost(row) and row.stages == stages and row.content_hash == now.content_hash


def _with_what_stays(file: FoundFile, read: Iterable[str]) -> FoundFile:
    """Says of what is out of reach that it stays, where one of the paths that were `read` is it or lies below it."""
    if not any(f"{path}/".startswith(file.below) for path in read):
        return file
    return replace(file, refused=Parsed("failed", f"{file.away}; what was read of it stays"))


def _is_lost(row: FileRow) -> bool:
    """Out of reach since it was read."""
    return row.size == LOST


def _find_moves(result: Changes, known: Mapping[str, FileRow], stages: str) -> None:
    """A path that is gone and a new one with the same content and suffix are one file that was moved."""
    gone: dict[tuple[str, str], list[str]] = {}
    for path in sorted(result.gone, reverse=True):
        row = known[path]
        if row.content_hash and row.stages == stages and not _is_lost(row):
            gone.setdefault((row.content_hash, _suffix(path)), []).append(path)
    stay = []
    for changed in result.changed:
        paths = gone.get((changed.content_hash, _suffix(changed.file.path)))
        if changed.file.path in known or not paths:
            stay.append(changed)
            continue
        old = _likest(paths, changed.file.path)
        paths.remove(old)
        result.gone.discard(old)
        result.moved.append((old, changed))
    result.changed = stay


def _likest(paths: Sequence[str], new: str) -> str:
    """Of several with the same content the one with the same name, else the first."""
    name = PurePosixPath(new).name
    return next((path for path in paths if PurePosixPath(path).name == name), paths[-1])


def _suffix(path: str) -> str:
    """It chooses the parser."""
    return PurePosixPath(path).suffix.lower()


def _same(row: FileRow, file: FoundFile) -> bool:
    """By size and time. A file that could not be read has no hash: a permission leaves no trace in its time."""
    return bool(row.content_hash) and not row.racy and (row.size, row.mtime_ns) == (file.size, file.mtime_ns)


def _hashed(folder: Path, file: FoundFile, now_ns: int) -> Changed:
    """With the sha256 of its content; refused where it cannot be read."""
    try:
        with (folder / file.path).open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        content = ""
        file = replace(file, refused=Parsed("failed", f"cannot be read: {error.strerror or error}"))
    return Changed(file, content, file.mtime_ns > now_ns - GRAIN_NS)
