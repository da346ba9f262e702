"""Opening a folder's index for a command, and the sync before it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import FolderError, IndexBusyError, UsageError
from speedking.console import Terminal, counted
from speedking.meter import Meter

if TYPE_CHECKING:
    from rag import Encoder, Index, SyncReport
    from rag.filter import Filter
    from speedking.settings import Settings

READ = ("indexed", "partial")
"""Outcomes of files that can be found."""

FEW_PASSAGES = 128
"""Embedded in seconds on any machine: their time is not worth estimating."""
TRIAL = ["passage " * 180] * 16
"""As long as a passage is; a batch of them says how fast this machine embeds."""

OnRead = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Opening:
    """How a command opens an index and brings it up to date, as the person said it. `index` None: in its usual
    place."""

    folder: Path
    index: Path | None
    settings: Settings
    no_sync: bool = False
    no_wait: bool = False
    yes: bool = False

    def command(self, name: str) -> str:
        """A next step for the same index."""
        return shlex.join(self.words(name))

    @property
    def location(self) -> Path:
        """Where the index lies, or will."""
        from rag.location import location_of

        return location_of(self.folder, self.index)

    def words(self, name: str) -> list[str]:
        index = [] if self.index is None else ["--index", str(self.index)]
        return ["speedking", name, str(self.folder), *index]


@contextmanager
def opened(opening: Opening, say: Callable[[str], None] | None = None) -> Iterator[Index]:
    """`say` is for commands that search: a configured reranker is loaded for them, and told of where it cannot be."""
    from rag import Index
    from speedking.encoders import encoder_for, reranker_for

    encoder = encoder_for(opening.settings)
    with Index.open(opening.folder, index=opening.index, encoder=encoder) as library:
        library.reranker = None if say is None else reranker_for(opening.settings, say)
        yield library


def check_filter(where: Filter | None, library: Index) -> None:
    """Raises UsageError where no file fits: "the documents do not say" would be no answer to that."""
    if where is None:
        return
    said = " ".join(
        [*(f"--filter {glob!r}" for glob in where.globs), *([f"--after {where.after}"] * bool(where.after))]
    )
    try:
        fitting = library.fits(where)
    except ValueError as error:
        raise UsageError(
            f"{said}: {error}", next_step="write it as in .gitignore, for instance 'contracts/*.pdf'"
        ) from error
    if not fitting:
        raise UsageError(f"no file in {library.folder} fits {said}", next_step="give a wider one, or leave it out")


def sync(
    library: Index,
    terminal: Terminal,
    *,
    ask: bool,
    wait: bool = True,
    verify: bool = False,
    on_read: OnRead | None = None,
) -> SyncReport:
    """Syncs and shows how far it is.

    `ask`: on a terminal, when the time left is more than a minute, the person is asked once; elsewhere the
    estimate is printed and the sync goes on. The estimate comes from the first passages embedded on this machine.
    """
    with Meter(terminal, ask=ask) as meter:

        def read(left: int) -> None:
            if on_read is not None:
                with meter.paused():
                    on_read(left)

        report = library.sync(meter.progress, terminal.note, wait=wait, verify=verify, on_read=read)
    if report.added:
        _warn_of_language(library, report, terminal)
    return report


def _warn_of_language(library: Index, report: SyncReport, terminal: Terminal) -> None:
    """Looks at passages from all over the folder."""
    from rag.language import SAMPLE, language_warning

    files = [file.path for file in report.files if file.outcome in READ]
    files = files[:: max(len(files) // SAMPLE, 1)]
    each = max(SAMPLE // max(len(files), 1), 1)
    texts = (
        passage.text
        for file in files
        for passages in [library.read(file)]
        for passage in passages[:: max(len(passages) // each, 1)]
    )
    if warning := language_warning(texts, library.encoder.name):
        terminal.note_once(warning)


def warn_of_question(question: str, library: Index, terminal: Terminal) -> None:
    """Says, once, what there is to say about the question's language."""
    from rag.language import question_warning

    if warning := question_warning(question, library.encoder.name):
        terminal.note_once(warning)


def synced(library: Index, opening: Opening, terminal: Terminal, *, on_read: OnRead | None = None) -> SyncReport | None:
    """What every command does before it looks something up. Bad files are counted in one line, never fatal."""
    if opening.no_sync:
        _as_it_is(library, opening, terminal)
        return None
    try:
        report = sync(library, terminal, ask=not opening.yes, wait=False, on_read=on_read)
    except IndexBusyError:
        if library.passages:
            terminal.note("another process is writing this index: answering from what is there")
            return None
        if opening.no_wait:
            raise
        report = sync(library, terminal, ask=not opening.yes, on_read=on_read)
    _check_readable(report, opening)
    unread = [file for file in report.files if file.outcome not in (*READ, "ignored")]
    if report.added and unread:
        verb = "was" if len(unread) == 1 else "were"
        said = f"{len(unread)} of {counted(len(report.files), 'file')} {verb} not read"
        terminal.note(f"{said}: {opening.command('status')}")
    return report


def _as_it_is(library: Index, opening: Opening, terminal: Terminal) -> None:
    if not library.passages:
        raise FolderError(no_index(library), next_step=f"leave out --no-sync, or first: {opening.command('index')}")
    if stale := library.stale_files():
        terminal.note(f"{counted(stale, 'file')} changed since the last sync: answering from the index as it is")


def no_index(library: Index) -> str:
    """That nothing can be found yet, and whether it could with the encoder of the index that is there."""
    made_with = library.made_with
    if made_with is None or made_with == library.encoder.name:
        return f"{library.folder} has no index yet"
    return f"{library.folder} has no index made with {library.encoder.name} yet, but one made with {made_with}"


def _check_readable(report: SyncReport, opening: Opening) -> None:
    if not report.passages and not any(file.outcome in READ for file in report.files):
        reasons = "; ".join(f"{file.path}: {file.reason}" for file in report.files[:3])
        raise FolderError(
            f"{opening.folder} holds {counted(len(report.files), 'file')}, and none could be read ({reasons})",
            next_step=f"see why: {opening.command('status')}",
        )


def embedding_s(encoder: Encoder, passages: int) -> float:
    """Seconds that so many passages will take, measured on a few; 0 for a number that is not worth it."""
    if passages <= FEW_PASSAGES:
        return 0.0
    encoder.documents(TRIAL[:1])  # loads the model, which is no part of the rate
    began = time.perf_counter()
    encoder.documents(TRIAL)
    return (time.perf_counter() - began) / len(TRIAL) * passages
