"""Which files a search may look into."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

_YEAR = r"(?<!\d)(?P<year>(?:19|20)\d\d)"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        _YEAR + r"(?P<mark>[-_.]?)(?P<month>\d\d)(?P=mark)(?P<day>\d\d)(?!\d)",
        _YEAR + r"[-_.](?P<month>0[1-9]|1[0-2])(?![^\W_])",  # 2022_10K is no October
        _YEAR + r"(?!\d)",
    )
)


class DatedFile(Protocol):
    """A file by its path, relative to the folder with "/", and its modification time."""

    @property
    def path(self) -> str: ...
    @property
    def mtime_ns(self) -> int: ...


_File = TypeVar("_File", bound=DatedFile)


@dataclass(frozen=True, slots=True)
class Filter:
    """Files whose path fits one of `globs` (any, where there is none) and whose date is `after` or later.

    A glob is matched against the path relative to the folder, as .gitignore would: `*.pdf` fits in every subfolder,
    `contracts/*.pdf` in that one, `contracts/` all below it. A file's date is the one its name states
    (2024-03-01, 20240301, 2024-03, 2024), else its modification time. A month or a year is dated to its last day, so
    that `after` never leaves out what may be later.
    """

    globs: tuple[str, ...] = ()
    after: date | None = None

    def keep(self, files: Iterable[_File]) -> list[_File]:
        """Those of the files that fit, in their order. Raises ValueError for a glob that is none."""
        from pathspec import GitIgnoreSpec

        spec = GitIgnoreSpec.from_lines(self.globs)
        return [
            file
            for file in files
            if (not self.globs or spec.match_file(file.path)) and (self.after is None or dated(file) >= self.after)
        ]


def dated(file: DatedFile) -> date:
    """The date that the file's name states, of several the latest; else the day, local time, of its last change."""
    stem = PurePosixPath(file.path).stem
    for pattern in _DATES:
        if found := [day for match in pattern.finditer(stem) if (day := _last_day(match))]:
            return max(found)
    return datetime.fromtimestamp(file.mtime_ns / 1e9).date()


def _last_day(match: re.Match[str]) -> date | None:
    """The last day of what the name states; None for a 30th of February."""
    parts = match.groupdict()
    year, month = int(parts["year"]), int(parts.get("month") or 12)
    if not 1 <= month <= 12:
        return None
    days = calendar.monthrange(year, month)[1]
    day = int(parts.get("day") or days)
    return date(year, month, day) if 1 <= day <= days else None
