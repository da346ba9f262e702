"""speedking ask: an answer whose every claim carries a quote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speedking.console import Terminal, clean, link, place
from speedking.engine import Choice, choose, reader_for
from speedking.library import opened, synced
from speedking.settings import Settings

if TYPE_CHECKING:
    from rag import Answer, Citation

ANSWERED, NOT_IN_DOCUMENTS, NO_SUPPORT = 0, 3, 4


def run(
    folder: Path,
    question: str,
    *,
    settings: Settings,
    index: Path | None,
    k: int,
    no_sync: bool,
    yes: bool,
    terminal: Terminal,
) -> int:
    with opened(folder, index) as library:
        choice = choose(settings)
        terminal.note(engine_line(choice))
        synced(library, terminal, no_sync=no_sync, yes=yes)
        library.reader = reader_for(choice, library.supporter)
        with terminal.waiting("searching and reading") as begun:
            stream = Stream(terminal, begun) if choice.connection is not None else None
            answer = library.ask(question, k=k, on_text=stream.write if stream else None)
        if stream:
            stream.close()
        if terminal.json_mode:
            terminal.json(answer_json(answer, choice))
        else:
            show_answer(answer, library.folder, terminal)
    return exit_code(answer)


def exit_code(answer: Answer) -> int:
    if not answer.answerable:
        return NOT_IN_DOCUMENTS
    return ANSWERED if answer.citations else NO_SUPPORT


def engine_line(choice: Choice) -> str:
    """Which engine writes, and why."""
    return f"engine: {choice.engine}: {choice.why}"


def answer_json(answer: Answer, choice: Choice) -> dict[str, Any]:
    return {
        "text": answer.text,
        "answerable": answer.answerable,
        "citations": [citation_json(citation) for citation in answer.citations],
        "unsupported": list(answer.unsupported),
        "support": answer.support,
        "engine": choice.engine,
        "model": choice.model or None,
        "timings": dict(answer.timings),
    }


def citation_json(citation: Citation) -> dict[str, Any]:
    return {
        "file": citation.file,
        "page": citation.page,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
    }


def show_answer(answer: Answer, folder: Path, terminal: Terminal) -> None:
    """The text, then each quote with its place; what nothing supports is named as that."""
    from rich.text import Text

    if not answer.answerable:
        terminal.show("The documents do not say.")
        return
    terminal.show(Text(clean(answer.text), style="bold" if terminal.out.is_terminal else ""))
    if answer.unsupported:
        terminal.show()
        terminal.show(Text("No passage was found that supports:", style="yellow"))
        for sentence in answer.unsupported:
            terminal.show(Text(f"  - {clean(sentence)}", style="yellow"))
    for number, citation in enumerate(answer.citations, start=1):
        where = Text(f"[{number}] ")
        target = link(folder, citation.file, citation.page)
        where.append(
            place(citation.file, citation.page), style=f"cyan link {target}" if terminal.out.is_terminal else ""
        )
        terminal.show()
        terminal.show(where)
        terminal.show(Text(f'    "{clean(citation.quote)}"'))


class Stream:
    """Shows a model's text while it is written, before it is verified; on a terminal only."""

    def __init__(self, terminal: Terminal, begun: Callable[[], None]) -> None:
        self._begun = begun
        self._console = terminal.err if terminal.err.is_terminal and not terminal.json_mode else None
        self._wrote = False

    def write(self, text: str) -> None:
        if self._console is not None:
            self._begun()
            self._wrote = True
            self._console.print(clean(text), end="", style="dim", soft_wrap=True)

    def close(self) -> None:
        if self._console is not None and self._wrote:
            self._console.print("\n")
