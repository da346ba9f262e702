"""search, read, grep and list_files over a folder of documents, told to the model as numbered passages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from agents.evidence import Evidence
from agents.tools.call import Call, Observation
from agents.tools.grep import GREP, Grep, grepped
from agents.tools.listing import LIST_FILES, Files, files_listed
from agents.tools.names import cleaned, listed, meant, near
from agents.tools.read import HOW, READ, Pages, Read, pages_read, passage_read
from agents.tools.search import SEARCH, Search, searched
from agents.tools.shown import files_of, quoted, word
from agents.tools.spec import ToolSpec

__all__ = ["GREP", "LIST_FILES", "READ", "SEARCH", "DocumentTools", "Files", "Grep", "Read", "Search"]

HIT_TOKENS = 55
_NUMBER = re.compile(r"\[?(\d{1,6})\]?")
"""Where a file is meant to stand: the number of a passage."""


@dataclass(frozen=True, slots=True)
class DocumentTools:
    """`search` gives passages, best first; `read` those of a page, or of a whole file where the page is None,
    in their order, and none where there is no such place. (Passages, not bare text: what was read can be cited
    and checked.) `grep` and `files` are offered where they are given.

    `hits` passages of a search are shown and `grep_hits` of a grep, of each a snippet of about `hit_tokens` or half of
    that; a reading is of about `read_tokens` (all of them estimated by `estimated_tokens`).
    """

    search: Search
    read: Read
    hits: int = 5
    hit_tokens: int = HIT_TOKENS
    read_tokens: int = 500
    grep_hits: int = 8
    grep: Grep | None = None
    files: Files | None = None

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        offered = ((SEARCH, True), (READ, True), (GREP, self.grep is not None), (LIST_FILES, self.files is not None))
        return tuple(spec for spec, given in offered if given)

    def run(self, call: Call, evidence: Evidence) -> Observation:
        """Raises KeyError for a tool that is not among the specs."""
        tools: dict[str, Callable[[Call, Evidence], Observation]] = {
            SEARCH.name: self._search,
            READ.name: self._read,
            GREP.name: self._grep,
            LIST_FILES.name: self._list,
        }
        return tools[call.name](call, evidence)

    def _search(self, call: Call, evidence: Evidence) -> Observation:
        query = str(call.arguments["query"])
        return searched(self.search, query, evidence, hits=self.hits, tokens=self.hit_tokens)

    def _read(self, call: Call, evidence: Evidence) -> Observation:
        given = call.arguments
        if given.get("file"):
            return self._read_file(str(given["file"]), given.get("page"), given.get("last_page"), evidence)
        if given.get("passage") is None:
            return word(f"{HOW}.", evidence)
        return passage_read(self.read, given["passage"], evidence, self.read_tokens)

    def _read_file(self, named: str, page: int | None, last_page: int | None, evidence: Evidence) -> Observation:
        file = self._file(named, evidence)
        if (number := _NUMBER.fullmatch(named.strip())) and (file is None or not self.read(file, None)):
            return passage_read(self.read, int(number[1]), evidence, self.read_tokens)
        if page is None and last_page is not None:
            return word(f"last_page goes with a page: {HOW}.", evidence)
        if page is not None and last_page is not None and last_page < page:
            return word(f"last_page {last_page} is before page {page}.", evidence)
        pages = Pages(page, page if last_page is None else last_page)
        seen = None if file is None else pages_read(self.read, file, pages, evidence, self.read_tokens)
        return self._no_file(named, evidence) if seen is None else seen

    def _grep(self, call: Call, evidence: Evidence) -> Observation:
        if self.grep is None:
            raise KeyError(GREP.name)
        file = None
        if named := call.arguments.get("file"):
            file = self._file(str(named), evidence)
            if file is None:
                return self._no_file(str(named), evidence)
        text = str(call.arguments["text"])
        return grepped(self.grep, text, file, evidence, hits=self.grep_hits, tokens=self.hit_tokens // 2)

    def _list(self, call: Call, evidence: Evidence) -> Observation:
        if self.files is None:
            raise KeyError(LIST_FILES.name)
        return files_listed(self.files(), call.arguments.get("pattern"), evidence)

    def _known(self, evidence: Evidence) -> list[str]:
        return files_of(evidence.passages) if self.files is None else [one.file for one in self.files()]

    def _file(self, named: str, evidence: Evidence) -> str | None:
        """The file that is meant. Where the files are not known, the name as it is, for `read` to look up."""
        found = meant(cleaned(named), self._known(evidence))
        return cleaned(named) if found is None and self.files is None else found

    def _no_file(self, named: str, evidence: Evidence) -> Observation:
        like = near(cleaned(named), self._known(evidence))
        known = f"Did you mean: {', '.join(like)}?" if like else f"Files found so far: {self._found(evidence)}."
        return word(f"There is no file {quoted(named)} to read. {known}", evidence)

    @staticmethod
    def _found(evidence: Evidence) -> str:
        return listed(files_of(evidence.passages))
