"""speedking index and status: what was read of a folder, what was not, and why."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from inference.errors import SpeedkingError, UsageError
from speedking.console import Terminal, clean, counted, place
from speedking.library import Opening, no_index, opened, sync

if TYPE_CHECKING:
    from rag import Index, SyncReport
    from rag.found import Link
    from rag.sync import FileReport

LISTED = 20
"""Files that `index` names one by one; `status` names them all."""


def run_index(opening: Opening, *, watch: bool, verify: bool, terminal: Terminal) -> int:
    """0 when it ran through, whatever single files did, and when watching ends."""
    if watch and terminal.json_mode:
        raise UsageError(
            "--watch goes on without end, and --json promises one document", next_step="leave out one of the two"
        )
    with opened(opening) as library:
        embedded: list[int] = []
        wait = not opening.no_wait
        report = sync(library, terminal, ask=False, wait=wait, verify=verify, on_read=embedded.append)
        if terminal.json_mode:
            terminal.json(report_json(report, library, sum(embedded)))
        else:
            show_coverage(report.files, report.links, terminal, most=LISTED, rest=opening.command("status"))
            terminal.show(_summary(report, sum(embedded)))
        if watch:
            _watch(library, terminal)
    return 0


def _watch(library: Index, terminal: Terminal) -> None:
    """A line for each sync that found something, until Ctrl-C."""
    from rag.watch import watch

    terminal.note("watching for changes; Ctrl-C ends it")
    try:
        for _ in watch(library.folder):
            _sync_again(library, terminal)
    except KeyboardInterrupt:
        terminal.note("no longer watching")


def _sync_again(library: Index, terminal: Terminal) -> None:
    embedded: list[int] = []
    try:
        report = sync(library, terminal, ask=False, on_read=embedded.append)
    except SpeedkingError as error:  # the folder may be whole again in a moment
        terminal.fail(error.message, error.next_step)
        return
    if report.added or report.removed or report.moved:
        terminal.show(f"{time.strftime('%H:%M:%S')}  {_summary(report, sum(embedded))}")


def run_status(opening: Opening, *, terminal: Terminal) -> int:
    from rag.scan import scan

    with opened(opening) as library:
        seen = scan(library.folder)
        indexed, stale = library.files(), library.stale_files(seen)
        files = indexed or library.waiting_files(seen)
        if terminal.json_mode:
            terminal.json(
                {
                    "files": files_json(files),
                    "links": links_json(seen.links),
                    "passages": library.passages,
                    "embedded_share": library.embedded_share,
                    "encoder": library.encoder.name,
                    "changed_since": stale,
                    "index": str(library.location),
                }
            )
        elif not indexed:
            terminal.show(f"{no_index(library)}: {opening.command('index')}")
            show_coverage(files, seen.links, terminal)
        else:
            show_coverage(files, seen.links, terminal)
            embedded = "" if library.embedded_share == 1 else f", {library.embedded_share:.0%} of them embedded"
            terminal.show(
                f"{counted(library.passages, 'passage')}{embedded} in {library.location} ({library.encoder.name})"
            )
            if stale:
                terminal.show(f"new, changed or gone since: {counted(stale, 'file')}; next: {opening.command('index')}")
    return 0


def report_json(report: SyncReport, library: Index, embedded: int) -> dict[str, Any]:
    """`embedded`: passages that got their vector now; the others had one."""
    return {
        "files": files_json(report.files),
        "links": links_json(report.links),
        "added": report.added,
        "removed": report.removed,
        "moved": report.moved,
        "unchanged": report.unchanged,
        "passages": report.passages,
        "embedded": embedded,
        "seconds": report.seconds,
        "index": str(library.location),
    }


def _summary(report: SyncReport, embedded: int) -> str:
    moved = f"{report.moved} moved, " if report.moved else ""
    return (
        f"{counted(report.passages, 'passage')}, {embedded:,} embedded now; {counted(report.added, 'file')} new or"
        f" changed, {moved}{report.removed} gone, {report.unchanged} unchanged; {report.seconds:.1f} s"
    )


def files_json(files: Sequence[FileReport]) -> list[dict[str, Any]]:
    return [{"path": file.path, "outcome": file.outcome, "reason": file.reason} for file in files]


def links_json(links: Sequence[Link]) -> list[dict[str, str]]:
    return [{"path": link.path, "target": link.target} for link in links]


def show_coverage(
    files: Sequence[FileReport], links: Sequence[Link], terminal: Terminal, *, most: int | None = None, rest: str = ""
) -> None:
    """How many files had which outcome, then by name each link that is followed, and each file that was not read whole
    with its reason. Beyond `most` of them, `rest` is the command that names the others."""
    counts = Counter(file.outcome for file in files)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    terminal.show(f"{counted(len(files), 'file')}: {summary}" if files else "no files")
    lines = [_line("linked", link.path, f" -> {place(link.target, None)}") for link in links]
    named = [file for file in files if file.outcome != "indexed"]
    # What was meant to be read comes first: ignored files are many and meant to be left out.
    named.sort(key=lambda file: file.outcome == "ignored")
    lines += [_line(file.outcome, file.path, f": {clean(file.reason)}" if file.reason else "") for file in named]
    for line in lines[:most]:
        terminal.show(line)
    if most is not None and len(lines) > most:
        terminal.show(f"  and {len(lines) - most:,} more: {rest}")


def _line(kind: str, path: str, more: str) -> str:
    return f"  {kind:<11} {place(path, None)}{more}"
