"""speedking search: the passages that a question finds, best first."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from speedking.console import Terminal
from speedking.library import Opening, check_filter, opened, synced, warn_of_question
from speedking.passages import SCORE, numbered, show_passages

if TYPE_CHECKING:
    from rag.filter import Filter


def run(opening: Opening, query: str, *, k: int, where: Filter | None, terminal: Terminal) -> int:
    from rag.lexical import words_looked_for

    with opened(opening, terminal.note) as library:
        check_filter(where, library)
        synced(library, opening, terminal)
        warn_of_question(query, library, terminal)
        with terminal.waiting("searching"):
            passages = library.search(query, k, where)
            missing = [] if library.holds_word_of(query, where) else words_looked_for(query)
        if passages and missing:
            place = "the documents" if where is None else "the files looked into"
            terminal.note(f"none of these words is in {place}: {', '.join(missing)}; found by meaning alone:")
        if terminal.json_mode:
            terminal.json({"passages": [asdict(passage) for passage in passages], "score": SCORE})
        else:
            show_passages(numbered(passages), library.folder, terminal)
            if not passages:
                terminal.show("Nothing found.")
    return 0
