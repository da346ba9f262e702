"""speedking ask: an answer whose every claim carries a quote."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from speedking.answers import answer_json, exit_code, show_answer
from speedking.console import Terminal
from speedking.engine import choose, engine_line
from speedking.library import Opening, check_filter, embedding_s, opened, synced
from speedking.meter import Cancelled
from speedking.passages import passages_json, show_passages
from speedking.session import Asked, Session
from speedking.waterfall import knob

if TYPE_CHECKING:
    from rag.filter import Filter
    from speedking.waterfall import Waterfall

EARLY_ABOVE_S = 15.0
"""Where embedding takes longer, what words alone find is answered first."""


def run(
    opening: Opening,
    question: str,
    *,
    k: int,
    where: Filter | None,
    think: bool,
    passages: bool,
    timing: bool,
    iterative: bool,
    terminal: Terminal,
) -> int:
    began = time.perf_counter()
    with opened(opening, terminal.note) as library:
        check_filter(where, library)
        connecting = time.perf_counter()
        choice = choose(opening.settings, think=think)
        connect_s = time.perf_counter() - connecting
        terminal.note(engine_line(choice))
        session = Session(library, choice, terminal, k=k, where=where, iterative=iterative)
        asked = Asking(session, question, terminal, began=began, connect_s=connect_s).answered(opening)
        if terminal.json_mode:
            more: dict[str, Any] = {"passages": passages_json(asked.passages)} if passages else {}
            if iterative:
                more |= {"iterations": asked.iterations, "searched_again": asked.searched_again}
            terminal.json({**answer_json(asked.answer, choice), **more, "timings": asked.timings})
        else:
            show_answer(asked.answer, library.folder, terminal)
            if passages:
                terminal.show("\nPassages:")
                show_passages(asked.passages, library.folder, terminal)
            if timing:
                show_timing(asked.fall, choice.engine, terminal)
    return exit_code(asked.answer)


class Asking:
    """One question. Where a folder waits to be embedded and that takes long, words alone answer first: on stderr,
    since stdout carries the last word only."""

    def __init__(self, session: Session, question: str, terminal: Terminal, *, began: float, connect_s: float) -> None:
        self._session, self._question, self._terminal = session, question, terminal
        self._began, self._connect_s = began, connect_s
        self._first: Asked | None = None

    def answered(self, opening: Opening) -> Asked:
        """The answer after the sync; where the person breaks off a long one, the first answer stands."""
        syncing = time.perf_counter()
        try:
            synced(self._session.library, opening, self._terminal, on_read=self._answer_early)
        except Cancelled:
            if self._first is None:
                raise
            return self._first
        return self._ask(sync_s=time.perf_counter() - syncing)

    def _answer_early(self, left: int) -> None:
        """`left` passages are to be embedded."""
        library, terminal = self._session.library, self._terminal
        if terminal.json_mode or embedding_s(library.encoder, left) <= EARLY_ABOVE_S:
            return
        terminal.note("a first answer, before the folder is embedded:")
        first = self._ask(sync_s=None)
        if first.answer.answerable:
            self._first = first
            show_answer(first.answer, library.folder, Terminal(aside=True))
        else:  # that the documents do not say is for the whole folder to tell
            terminal.note("words alone find nothing that answers")
        terminal.note("\nembedding the rest, for a better one")

    def _ask(self, *, sync_s: float | None) -> Asked:
        return self._session.ask(self._question, began=self._began, connect_s=self._connect_s, sync_s=sync_s)


def show_timing(fall: Waterfall, engine: str, terminal: Terminal) -> None:
    """Each stage with its seconds and a bar that begins where the one before it ends."""
    from rich.text import Text

    terminal.show("\nTiming:")
    at = 0.0
    for stage, seconds in [*fall.stages.items(), ("rest", fall.unaccounted_s)]:
        if seconds is None:
            terminal.show(f"  {stage:<9}       ?    the engine does not tell")
            continue
        terminal.show(Text(f"  {stage:<9} {seconds:>7.2f} s  {_bar(at, seconds, fall.total_s)}"))
        at += seconds
    terminal.show(f"  {'all':<9} {fall.total_s:>7.2f} s")
    terminal.show(f"  {knob(fall, engine)}")


def _bar(start: float, seconds: float, total: float, width: int = 40) -> str:
    scale = width / total if total else 0.0
    first, last = round(start * scale), round((start + seconds) * scale)
    return f"{' ' * first}{'█' * max(last - first, 1)}" if seconds * scale >= 0.1 else ""
