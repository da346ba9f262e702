"""The rules of .gitignore and .speedkingignore, as git reads them: nested, the last line that fits decides."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

RULE_FILES = (".gitignore", ".speedkingignore")
"""In one folder the later overrules the earlier."""

_COMMENT = "#"


@dataclass(frozen=True, slots=True)
class _RuleFile:
    """One file of rules, for the paths below `folder` ("" or with "/" at its end)."""

    folder: str
    name: str
    lines: tuple[str, ...]
    spec: GitIgnoreSpec

    def verdict(self, path: str) -> tuple[bool, str] | None:
        """Whether the path is ignored, and the rule; None where no line speaks of it."""
        found = self.spec.check_file(path.removeprefix(self.folder))
        if found.include is None or found.index is None:
            return None
        return found.include, f"{self.folder}{self.name} line {found.index + 1}: {self.lines[found.index]}"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold in a folder, those of the folders above it included."""

    _files: tuple[_RuleFile, ...] = ()

    def within(self, real: str, folder: str, names: Collection[str]) -> Rules:
        """With those of a folder below: `real` is where it lies, `folder` its path as in `ignoring`, `names` what
        it holds. A file of rules that cannot be read rules nothing."""
        return Rules((*self._files, *_read(real, folder, [name for name in RULE_FILES if name in names])))

    def ignoring(self, path: str) -> str | None:
        """The rule that ignores a path, relative to the asked folder, with "/" at the end of a folder's; else None."""
        for file in reversed(self._files):
            if verdict := file.verdict(path):
                ignored, rule = verdict
                return rule if ignored else None
        return None


def _read(real: str, folder: str, names: Sequence[str]) -> Iterator[_RuleFile]:
    from pathspec import GitIgnoreSpec

    for name in names:
        try:
            with open(os.path.join(real, name), encoding="utf-8-sig", errors="replace") as file:
                lines = tuple(line.rstrip("\n") for line in file)
        except OSError:
            continue
        yield _RuleFile(folder, name, lines, GitIgnoreSpec.from_lines(map(_pattern, lines)))


def _pattern(line: str) -> str:
    """The line; a comment in place of one that is empty or no pattern, so that lines keep their numbers."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        GitIgnoreSpecPattern(line)
    except ValueError:
        return _COMMENT
    return line or _COMMENT
