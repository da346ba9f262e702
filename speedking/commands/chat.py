"""speedking chat: question after question; a follow-up is made to stand alone before anything is searched for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import SpeedkingError
from speedking.answers import show_answer, show_citations
from speedking.commands.ask import show_timing
from speedking.console import Terminal, clean, counted, place
from speedking.conversation import KEPT, TYPED, Conversation, taken_up
from speedking.engine import choose, engine_line
from speedking.library import Opening, check_filter, opened, synced
from speedking.lines import lines
from speedking.meter import Cancelled
from speedking.opener import open_document
from speedking.passages import show_passages
from speedking.pin import passages_of
from speedking.session import Asked, Session

if TYPE_CHECKING:
    from rag import Index, Passage
    from rag.filter import Filter

ERROR = 1
HALF_READ = "not read to the end: answering from what is there"
HELP = """\
/sources    the quotes of the last answer      /passages   what it was read from
/open N     open the document of quote N       /timing     where its time went
/new        forget what was said               /quit       leave (Ctrl-D); Ctrl-C ends an answer
Anything else is a question. A follow-up may say "it" or "and in 2023?"."""


def run(
    opening: Opening,
    *,
    k: int,
    where: Filter | None,
    think: bool,
    pin: Path | None,
    resume: bool,
    terminal: Terminal,
) -> int:
    with opened(opening, terminal.note) as library:
        check_filter(where, library)
        choice = choose(opening.settings, think=think)
        terminal.note(engine_line(choice))
        fresh = _first_sync(library, opening, terminal)
        session = Session(library, choice, terminal, k=k, where=where)
        pinned = None if pin is None else partial(passages_of, pin, library, choice, opening)
        if pinned is not None:
            session.pin(pinned())
        conversation = Conversation(library.location / KEPT)
        if resume:
            conversation.resume()
            terminal.note(taken_up(conversation))
        chat = Chat(session, conversation, terminal, sync_as=opening if fresh else None, pinned=pinned)
        terminal.note("ask, or /help")
        for line in lines(terminal, library.location / TYPED):
            if not chat.take(line):
                break
    # A person has seen what failed; a script is told by the exit code.
    return ERROR if chat.failed and not sys.stdin.isatty() else 0


def _first_sync(library: Index, opening: Opening, terminal: Terminal) -> bool:
    """Whether the index is to be kept fresh. Ctrl-C in a long sync goes on to the questions, with what there is."""
    try:
        synced(library, opening, terminal)
    except (KeyboardInterrupt, Cancelled):
        if not library.passages:
            raise
        terminal.note(HALF_READ)
        return False
    return not opening.no_sync


class Chat:
    """Takes one line after another. `sync_as` says how to read what changed before a question, None not to; `pinned`
    gives the pinned passages as they are now. `failed`: some question ended in an error."""

    def __init__(
        self,
        session: Session,
        conversation: Conversation,
        terminal: Terminal,
        *,
        sync_as: Opening | None,
        pinned: Callable[[], Sequence[Passage]] | None,
    ) -> None:
        self._session, self._conversation, self._terminal = session, conversation, terminal
        self._sync_as, self._pinned = sync_as, pinned
        self._last: Asked | None = None
        self.failed = False

    def take(self, line: str) -> bool:
        """False when the person leaves."""
        if line in ("/quit", "/exit"):
            return False
        if line.startswith("/"):
            self._obey(*line.split(maxsplit=1))
        elif any(character.isalnum() for character in line):
            self._answer(line)
        return True

    def _answer(self, question: str) -> None:
        """An error, or an interrupt, ends the answer and not the chat."""
        began = time.perf_counter()
        try:
            self._refresh()
            fresh = time.perf_counter()
            searched = self._session.stand_alone(self._conversation.history, question)
            rewrite_s = time.perf_counter() - fresh if self._conversation.turns else None
            if searched != question:
                self._terminal.note(f"searched for: {searched}")
            self._last = asked = self._session.ask(searched, began=began, sync_s=fresh - began, rewrite_s=rewrite_s)
        except KeyboardInterrupt:
            self._terminal.note("no answer: interrupted")
            return
        except SpeedkingError as error:
            self.failed = True
            self._terminal.fail(error.message, error.next_step)
            return
        show_answer(asked.answer, self._session.library.folder, self._terminal)
        self._terminal.show()
        try:
            self._conversation.add(question, searched, asked.answer, self._session.choice)
        except OSError as error:
            self._terminal.note(f"not kept for --resume: {error}")

    def _refresh(self) -> None:
        """Reads what changed. A "no" to a long sync stands for the rest of the chat."""
        if self._sync_as is not None:
            try:
                synced(self._session.library, self._sync_as, self._terminal)
            except Cancelled:
                self._sync_as = None
                self._terminal.note(HALF_READ)
        if self._pinned is not None:
            self._session.pin(self._pinned())

    def _obey(self, command: str, argument: str = "") -> None:
        folder = self._session.library.folder
        if command == "/help":
            self._terminal.show(HELP)
        elif command == "/new":
            self._conversation.new()
            self._last = None
        elif command not in ("/sources", "/open", "/passages", "/timing"):
            self._terminal.note(f"there is no {clean(command)}: /help shows what there is")
        elif self._last is None:
            self._terminal.note("nothing was asked yet")
        elif command == "/sources":
            show_citations(self._last.answer, folder, self._terminal)
        elif command == "/passages":
            show_passages(self._last.passages, folder, self._terminal)
        elif command == "/timing":
            show_timing(self._last.fall, self._session.choice.engine, self._terminal)
        else:
            self._open(self._last, argument)

    def _open(self, asked: Asked, argument: str) -> None:
        citations = asked.answer.citations
        if not (argument.isdecimal() and 1 <= int(argument) <= len(citations)):
            how = "/open needs the number of one" if citations else "there is nothing to open"
            self._terminal.note(f"the last answer has {counted(len(citations), 'quote')}: {how}")
            return
        citation = citations[int(argument) - 1]
        folder = self._session.library.folder
        where = place(str(folder / citation.file), citation.page)
        if open_document(folder, citation.file, citation.page):
            self._terminal.show(where)
        else:
            self._terminal.fail("no program that opens documents was found here", f"open {where}")
