"""speedking search: the passages that a question finds, best first."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from speedking.console import Terminal, clean, link, place
from speedking.library import opened, synced

if TYPE_CHECKING:
    from rag import Passage


def run(folder: Path, query: str, *, index: Path | None, k: int, no_sync: bool, yes: bool, terminal: Terminal) -> int:
    with opened(folder, index) as library:
        synced(library, terminal, no_sync=no_sync, yes=yes)
        with terminal.waiting("searching"):
            passages = library.search(query, k)
        if terminal.json_mode:
            terminal.json({"passages": [asdict(passage) for passage in passages]})
        else:
            for number, passage in enumerate(passages, start=1):
                _show(number, passage, library.folder, terminal)
            if not passages:
                terminal.show("Nothing found.")
    return 0


def _show(number: int, passage: Passage, folder: Path, terminal: Terminal) -> None:
    from rich.text import Text

    line = Text(f"{number:>2}. {passage.score:.3f}  ")
    target = link(folder, passage.file, passage.page)
    line.append(place(passage.file, passage.page), style=f"cyan link {target}" if terminal.out.is_terminal else "")
    if passage.heading:
        line.append(f"  {clean(passage.heading)}", style="dim")
    terminal.show(line)
    text = " ".join(clean(passage.text).split())
    terminal.show(Text(f"    {text[:300]}{'…' if len(text) > 300 else ''}"))
