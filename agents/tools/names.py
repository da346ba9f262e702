"""A file that a model names, found among those of the index. No file is ever opened: a name is only compared."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from agents.tools.shown import one_line

NAMED_CHARS = 400
NEAR = 3


def cleaned(text: str) -> str:
    """An argument that SQLite can be asked for: halves of surrogate pairs are none of any text."""
    return text.encode("utf-8", "replace").decode("utf-8")


def meant(given: str, files: Iterable[str]) -> str | None:
    """The one file that is meant: by its path, by its path as it is shown, or by its bare name. None where that is
    none or more than one; a path is never taken for another path."""
    files = list(files)
    if given in files:
        return given
    name = one_line(given)
    same = [file for file in files if one_line(file) == name]
    if not same and not set("/\\") & set(given):
        same = [file for file in files if one_line(file).rpartition("/")[2].casefold() == name.casefold()]
    return same[0] if len(same) == 1 else None


def near(given: str, files: Sequence[str]) -> list[str]:
    """The files whose names are most like it, as they are shown."""
    by_name = {file.rpartition("/")[2].casefold(): file for file in files}
    wanted = given[-NAMED_CHARS:].replace("\\", "/").rpartition("/")[2].casefold()
    return [one_line(by_name[name]) for name in difflib.get_close_matches(wanted, by_name, NEAR)]


def listed(files: Sequence[str], count: int = 5) -> str:
    """Some names, and how many more there are."""
    more = f" and {len(files) - count:,} more" if len(files) > count else ""
    return ", ".join(map(one_line, files[:count])) + more if files else "none"
