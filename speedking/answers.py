"""An answer as a person and as a script gets it: streamed, shown with its quotes, as JSON, as an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speedking.console import Terminal, clean, link, place

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from rag import Answer, Citation
    from rag.answer import Differing
    from speedking.engine import Choice

_OPENING, _CLOSING = set('"“„«'), set('"”“»')
ANSWERED, NOT_IN_DOCUMENTS, NO_SUPPORT = 0, 3, 4


def exit_code(answer: Answer) -> int:
    if not answer.answerable:
        return NOT_IN_DOCUMENTS
    return ANSWERED if answer.citations else NO_SUPPORT


def answer_json(answer: Answer, choice: Choice) -> dict[str, Any]:
    return {
        "text": answer.text,
        "answerable": answer.answerable,
        "citations": [citation_json(citation) for citation in answer.citations],
        "unsupported": list(answer.unsupported),
        "struck": list(answer.struck),
        "differing": [{"of": one.of, "denies": one.denies, **citation_json(one.citation)} for one in answer.differing],
        "support": answer.support,
        "looked_for": list(answer.looked_for),
        "nearest": None if answer.nearest is None else citation_json(answer.nearest),
        "embedded_share": answer.embedded_share,
        "engine": choice.engine,
        "model": choice.model or None,
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
    """The verified text, then what of it nothing supports, then each quote with its place."""
    from rich.text import Text

    if answer.embedded_share < 1:
        terminal.note(f"from words only: {answer.embedded_share:.0%} of the passages are embedded yet")
    if not answer.answerable:
        _show_absence(answer, folder, terminal)
        return
    if not answer.citations:
        terminal.show(Text("The documents support no sentence of this:", style=terminal.style("yellow")))
    terminal.show(Text(clean(answer.text), style=terminal.style("bold")))
    for line in corrections(answer):
        terminal.show(Text(line, style=terminal.style("yellow")))
    show_citations(answer, folder, terminal)


def show_citations(answer: Answer, folder: Path, terminal: Terminal) -> None:
    """Each quote with its place, and where it is said otherwise; without any, the sentence that came nearest."""
    if not answer.citations and answer.nearest is not None:
        terminal.show()
        _show_nearest(answer.nearest, folder, terminal)
    for number, citation in enumerate(answer.citations, start=1):
        terminal.show()
        _show_citation(f"[{number}] ", citation, folder, terminal)
        _show_differing([one for one in answer.differing if one.of == number], answer, folder, terminal)


def _show_differing(found: Sequence[Differing], answer: Answer, folder: Path, terminal: Terminal) -> None:
    """What other documents say instead; of those that are quoted themselves the numbers."""
    quoted = [f"[{answer.citations.index(one.citation) + 1}]" for one in found if one.citation in answer.citations]
    if quoted:
        terminal.show(f"said otherwise in {', '.join(quoted)}")
    for one in found:
        if one.citation not in answer.citations:
            _show_citation("denied in " if one.denies else "other figures in ", one.citation, folder, terminal)


def corrections(answer: Answer) -> Iterator[str]:
    """What verification did not let stand, line by line."""
    if answer.unsupported and answer.citations:
        yield "\nNo passage was found that supports:"
        yield from (f"  - {clean(sentence)}" for sentence in answer.unsupported)
    if answer.struck:
        numbers = ", ".join(map(str, answer.struck))
        yield f"\nStruck: what the model cited as passage {numbers}, which does not carry its sentence or is not there"


def _show_absence(answer: Answer, folder: Path, terminal: Terminal) -> None:
    terminal.show("The documents do not say, as far as could be found.")
    if answer.looked_for:
        terminal.show(f"Looked for: {', '.join(answer.looked_for)}")
    if answer.nearest is not None:
        _show_nearest(answer.nearest, folder, terminal)


def _show_nearest(nearest: Citation, folder: Path, terminal: Terminal) -> None:
    _show_citation("Nearest passage: ", nearest, folder, terminal)


def _show_citation(before: str, citation: Citation, folder: Path, terminal: Terminal) -> None:
    from rich.text import Text

    where = Text(before)
    target = link(folder, citation.file, citation.page)
    where.append(place(citation.file, citation.page), style=terminal.style(f"cyan link {target}"))
    terminal.show(where)
    quoted = citation.quote[:1] in _OPENING and citation.quote[-1:] in _CLOSING
    terminal.quote(citation.quote if quoted else f'"{citation.quote}"')


@contextmanager
def streaming(terminal: Terminal, waiting: str) -> Iterator[Callable[[str], None] | None]:
    """On a terminal, a reader's text while it is written; it gives way to the verified answer, so that the text
    stands there once. Elsewhere None: only what was verified is piped."""
    if terminal.json_mode or not terminal.err.is_terminal or terminal.err.is_dumb_terminal:
        yield None
        return
    from rich.live import Live
    from rich.spinner import Spinner

    text = _Tail()
    with Live(Spinner("dots", waiting), console=terminal.err, transient=True, refresh_per_second=8) as live:

        def write(more: str) -> None:
            text.add(clean(more))
            live.update(text)

        yield write


class _Tail:
    """The end of a growing text, as much as the screen holds: what has left the screen could not be taken back."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, text: str) -> None:
        self._text += text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        lines = Text(self._text, style="dim").wrap(console, options.max_width)
        yield Text("\n").join(lines[-max(console.height - 2, 1) :])
