"""speedking index and status: what was read of a folder, what was not, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speedking.console import Terminal, clean, place
from speedking.library import opened, sync

if TYPE_CHECKING:
    from rag.sync import FileReport


def run_index(folder: Path, *, index: Path | None, terminal: Terminal) -> int:
    """0 when it ran through, whatever single files did."""
    with opened(folder, index) as library:
        report = sync(library, terminal, ask=False)
        if terminal.json_mode:
            terminal.json(
                {
                    "files": files_json(report.files),
                    "added": report.added,
                    "removed": report.removed,
                    "unchanged": report.unchanged,
                    "passages": report.passages,
                    "seconds": report.seconds,
                }
            )
        else:
            show_coverage(report.files, terminal)
            terminal.show(
                f"{report.passages:,} passages; {report.added} files new or changed, {report.removed} gone,"
                f" {report.unchanged} unchanged; {report.seconds:.1f} s"
            )
    return 0


def run_status(folder: Path, *, index: Path | None, terminal: Terminal) -> int:
    with opened(folder, index) as library:
        files, stale = library.files(), library.stale_files()
        if terminal.json_mode:
            terminal.json(
                {
                    "files": files_json(files),
                    "passages": library.passages,
                    "changed_since": stale,
                    "index": str(library.location),
                }
            )
        else:
            show_coverage(files, terminal)
            terminal.show(f"{library.passages:,} passages in {library.location}")
            if stale:
                terminal.show(f"{stale} files are new, changed or gone since: speedking index {folder}")
    return 0


def files_json(files: Sequence[FileReport]) -> list[dict[str, Any]]:
    return [{"path": file.path, "outcome": file.outcome, "reason": file.reason} for file in files]


def show_coverage(files: Sequence[FileReport], terminal: Terminal) -> None:
    """How many files had which outcome, and each one that was not read whole with its reason."""
    counts = Counter(file.outcome for file in files)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    terminal.show(f"{len(files)} files: {summary}" if files else "nothing indexed yet")
    for file in files:
        if file.outcome != "indexed":
            terminal.show(f"  {file.outcome:<11} {place(file.path, None)}: {clean(file.reason or '')}")
