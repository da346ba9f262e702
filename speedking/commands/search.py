"""speedking search: the passages that a question finds, best first."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from speedking.console import Terminal
from speedking.library import Opening, check_filter, opened, synced
from speedking.passages import SCORE, numbered, show_passages

if TYPE_CHECKING:
    from rag.filter import Filter


def run(opening: Opening, query: str, *, k: int, where: Filter | None, terminal: Terminal) -> int:
    with opened(opening, terminal.note) as library:
        check_filter(where, library.folder)
        synced(library, opening, terminal)
        with terminal.waiting("searching"):
            passages = library.search(query, k, where)
        if terminal.json_mode:
            terminal.json({"passages": [asdict(passage) for passage in passages], "score": SCORE})
        else:
            show_passages(numbered(passages), library.folder, terminal)
            if not passages:
                terminal.show("Nothing found.")
    return 0
