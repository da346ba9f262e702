"""What the agent can do over an indexed folder: search, read, grep, list_files, and compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents import Tools
    from rag import Index, Passage
    from rag.exact import Matches
    from rag.extent import Extent

HITS = 5
"""Passages that a search or a grep shows to the model."""
READ_TOKENS = 450
"""Of a reading, estimated; the limit below is counted and leaves room for a wrong estimate."""
OBSERVATION_TOKENS = 600
CALL_S = 20.0


def folder_tools(library: Index, count_tokens: Callable[[str], int]) -> Tools:
    """None of them opens a file: all they know of the folder is what its index holds."""
    from agents import DocumentTools
    from agents.tools.compute import ComputeTool
    from agents.tools.limited import Limited
    from agents.tools.toolbox import Toolbox

    held = _Held(library)
    documents = DocumentTools(
        held.search, held.read, hits=HITS, read_tokens=READ_TOKENS, grep=held.grep, files=held.files
    )
    tools = Toolbox(documents, ComputeTool())
    return Limited(tools, seconds=CALL_S, tokens=OBSERVATION_TOKENS, count_tokens=count_tokens)


@dataclass(frozen=True, slots=True)
class _Held:
    """Holds the index for each call: one that is late may outlast the run, and the index stays open under it."""

    library: Index

    def search(self, query: str) -> Sequence[Passage]:
        with self.library.held():
            return self.library.search(query, HITS)

    def read(self, file: str, page: int | None) -> Sequence[Passage]:
        with self.library.held():
            return self.library.read(file, page)

    def grep(self, text: str, file: str | None, hits: int) -> Matches:
        with self.library.held():
            return self.library.find(text, file, limit=hits)

    def files(self) -> Sequence[Extent]:
        with self.library.held():
            return self.library.extents()
