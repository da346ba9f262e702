"""What `speedking models` shows to a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from speedking.console import Terminal, clean
from speedking.measured import Measured
from speedking.models_found import Here, View

if TYPE_CHECKING:
    from inference.choice.fit import Fit
    from inference.choice.recommend import Candidate

NOT_KNOWN = "not known"
UNKNOWN_CELL = "-"
LEGEND = (
    "roof: the most that the card's memory allows; -: not known, or not measured; compared: of the guide's comparison"
)
WIDE = 130
"""Columns of a terminal from where on each model's command has room beside it."""


def show(view: View, terminal: Terminal) -> None:
    """The machine, what is installed, the choice with its sum, and the rest of the table."""
    from inference.hardware.machine import describe

    terminal.show(f"machine: {describe(view.hardware)}")
    terminal.show(f"for: {view.purpose}, {view.made.context_tokens:,} tokens of context\n")
    if view.server.trouble is not None:
        terminal.show(f"installed: {NOT_KNOWN}: {view.server.trouble}")
    elif not view.server.installed:
        terminal.show(f"installed at {view.server.url}: nothing")
    else:
        rows = [_here_row(here) for here in view.server.installed]
        _table(f"installed at {view.server.url}:", ("model", *COLUMNS), rows, terminal)
    terminal.show()
    _show_choice(view, terminal)
    suited: list[tuple[str, ...]] = [_suited_row(found, view) for found in view.suited]
    columns: tuple[str, ...] = ("model", *COLUMNS, "get it with")
    if terminal.out.is_terminal and terminal.out.width < WIDE:
        suited, columns = [row[:-1] for row in suited], columns[:-1]
    _table("models for a machine like this:", columns, suited, terminal)
    if columns[-1] == "remark":
        terminal.show("get one with `ollama pull MODEL`")
    terminal.show(LEGEND)


def _show_choice(view: View, terminal: Terminal) -> None:
    made = view.made
    if made.choice is None:
        for reason in made.reasons:
            terminal.show(reason)
        terminal.show()
        return
    place = made.choice.fit.place
    terminal.show(f"choice: {made.choice.model.tag}, {place}, num_ctx {made.choice.fit.num_ctx:,}")
    for line in made.choice.fit.need.lines():
        terminal.show(f"    {line}")
    if made.choice.fit.memory_bytes is not None:
        from inference.hardware.machine import GIB

        terminal.show(f"    {'of':<20}{made.choice.fit.memory_bytes / GIB:>7.2f} GiB")
    for reason in made.reasons:
        terminal.show(f"  - {reason}")
    if made.alternative is not None:
        terminal.show(f"  larger, slower: {made.alternative.model.tag}: {made.alternative.why}")
    step = "speedking tune --model" if view.is_installed(made.choice.model.tag) else "ollama pull"
    terminal.show(f"  next: {step} {made.choice.model.tag}\n")


COLUMNS = ("size", "fits", "needs", "roof t/s", "measured t/s", "remark")


def _here_row(here: Here) -> tuple[str, ...]:
    return (here.name, _gigabytes(here.size_bytes), *_fit_cells(here.fit, here.measured), here.note)


def _suited_row(found: Candidate, view: View) -> tuple[str, ...]:
    tag = found.model.tag
    command = "installed" if view.is_installed(tag) else f"ollama pull {tag}"
    command = UNKNOWN_CELL if found.fit.place == "does not fit" else command
    cells = _fit_cells(found.fit, view.measured(tag))
    return (tag, _gigabytes(found.model.files[0].size_bytes), *cells, _remark(found, view), command)


def _remark(found: Candidate, view: View) -> str:
    """In a few words; the reason in full stands in the JSON."""
    if found is view.made.choice:
        return "the choice"
    if found is view.made.alternative:
        return "larger, slower"
    if found.model.compared:
        return "compared"
    if found.fit.place == "does not fit":
        return ""
    return "" if found.reading_s is None else f"reads 10,000 tokens in about {found.reading_s:,.0f} s"


def _fit_cells(fit: Fit | None, measured: Measured | None) -> tuple[str, str, str, str]:
    from inference.hardware.machine import GIB

    if fit is None:
        return ("-", "-", "-", "-")
    rates = None if measured is None else measured.decode_tps
    needs = f"{fit.need.total_bytes / GIB:.1f} GiB"
    return (fit.place, needs, _rate(fit.roof_tps), "-" if rates is None else f"{rates:,.1f}")


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], terminal: Terminal) -> None:
    """A table on a terminal; piped, a line for each row."""
    terminal.show(title)
    if not terminal.out.is_terminal:
        for row in (columns, *rows):
            terminal.show(" | ".join(" ".join(clean(cell).split()) for cell in row))
        return
    from rich.table import Table
    from rich.text import Text

    told = [n for n in range(len(columns)) if any(row[n] not in ("", UNKNOWN_CELL) for row in rows)]
    columns, rows = [columns[n] for n in told], [[row[n] for n in told] for row in rows]
    table = Table(box=None, pad_edge=False)
    for column in columns:
        right = column in ("size", "needs", "roof t/s", "measured t/s")
        table.add_column(
            column,
            justify="right" if right else "left",
            no_wrap=column in ("model", "size", "needs", "get it with"),
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    terminal.show(table)


def _gigabytes(size_bytes: int) -> str:
    """As Ollama writes sizes: of 10^9 bytes."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


def _rate(rate: float | None) -> str:
    return UNKNOWN_CELL if rate is None else f"{rate:,.0f}"
