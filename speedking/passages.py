"""Passages as a person and as a script gets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speedking.console import Terminal, clean, link, place

if TYPE_CHECKING:
    from rag import Passage

SCORE = "higher is better; comparable within one search only, unlike an answer's support"
SHOWN = 300
"""Characters of a passage; --json has it whole."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage, and whether a reader was given it; `number` is the one that a model cites it by."""

    passage: Passage
    number: int
    given: bool = True


def numbered(passages: Sequence[Passage]) -> list[Shown]:
    return [Shown(passage, number) for number, passage in enumerate(passages, start=1)]


def given_and_left_out(given: Sequence[Passage], retrieved: Sequence[Passage]) -> list[Shown]:
    """What the reader was given, then what was retrieved and left out of the prompt: for want of room, or as a near
    copy."""
    left_out = [one for one in retrieved if not any(_holds(other, one) for other in given)]
    rest = [Shown(passage, number, given=False) for number, passage in enumerate(left_out, start=len(given) + 1)]
    return [*numbered(given), *rest]


def _holds(whole: Passage, part: Passage) -> bool:
    return whole.file == part.file and whole.start <= part.start and part.end <= whole.end


def passages_json(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    """With whether the reader was given it, for what was read."""
    return [{**asdict(item.passage), "given": item.given} for item in shown]


def show_passages(shown: Sequence[Shown], folder: Path, terminal: Terminal) -> None:
    """Best first, each with its score, place and beginning."""
    for item in shown:
        _show(item, folder, terminal)
    if shown:
        terminal.note(f"score: {SCORE}")


def _show(item: Shown, folder: Path, terminal: Terminal) -> None:
    from rich.text import Text

    passage = item.passage
    score = "" if passage.score is None else f"{passage.score:.3f}  "
    line = Text(f"{item.number:>2}. {score}")
    target = link(folder, passage.file, passage.page)
    line.append(place(passage.file, passage.page), style=terminal.style(f"cyan link {target}"))
    if passage.heading:
        line.append(f"  {clean(passage.heading)}", style=terminal.style("dim"))
    if not item.given:
        line.append("  (left out of the prompt)")
    terminal.show(line)
    text = " ".join(passage.text.split())
    terminal.quote(f"{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}")
