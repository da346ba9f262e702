"""search and read over a folder of documents, told to the model as numbered passages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.evidence import Evidence
from agents.tools.call import Call, Observation
from agents.tools.spec import Parameter, ToolSpec
from rag.pack import defused
from rag.passage import Passage

Search = Callable[[str], Sequence[Passage]]
Read = Callable[[str, int | None], Sequence[Passage]]

SEARCH = ToolSpec(
    "search",
    "Find passages in the documents.",
    (Parameter("query", "string", "Words that the documents would use"),),
)
READ = ToolSpec(
    "read",
    "Read a page of a file, or the file around what was found in it.",
    (
        Parameter("file", "string", "A file as search names it"),
        Parameter("page", "integer", "Only where search gives a page", required=False),
    ),
)


@dataclass(frozen=True, slots=True)
class DocumentTools:
    """`search` gives passages, best first; `read` those of a page, or of a whole file where the page is None,
    in their order, and none where there is no such place. (Passages, not bare text: what was read can be cited
    and checked.)

    `hits` passages of a search are shown, each cut to `hit_chars`; a reading is cut to `read_chars`
    (characters), beginning at the first passage that was found before.
    """

    search: Search
    read: Read
    hits: int = 5
    hit_chars: int = 700
    read_chars: int = 5_000

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return SEARCH, READ

    def run(self, call: Call, evidence: Evidence) -> Observation:
        if call.name == SEARCH.name:
            return self._search(str(call.arguments["query"]), evidence)
        page = call.arguments.get("page")
        return self._read(str(call.arguments["file"]), page, evidence)

    def _search(self, query: str, evidence: Evidence) -> Observation:
        found = self.search(query)[: self.hits]
        if not found:
            text = f"Nothing was found for {query!r}. Try other words, such as the documents would use."
            return Observation(text, evidence, text)
        return _told(found, evidence.plus(found), self.hit_chars)

    def _read(self, file: str, page: int | None, evidence: Evidence) -> Observation:
        passages = self.read(file, page)
        note = ""
        if not passages and page is not None and (passages := self.read(file, None)):
            note = f"({file} has no page {page}: this is what it has.)\n"
        if not passages:
            files = ", ".join(sorted({p.file for p in evidence.passages})) or "none"
            text = f"There is no file {file!r} to read. Files found so far: {files}."
            return Observation(text, evidence, text)
        window = _window(passages, evidence, self.read_chars)
        if left := len(passages) - len(window):
            note += f"({left} more passages there are not shown: search for them.)"
        return _told(window, evidence.plus(window), self.read_chars, note.strip())


def _told(shown: Sequence[Passage], evidence: Evidence, chars: int, note: str = "") -> Observation:
    blocks = [_block(evidence.number(p), p, chars) for p in shown]
    short = "; ".join(f"[{evidence.number(p)}] {_where(p)}" for p in shown)
    text = "\n".join([*blocks, note] if note else blocks)
    return Observation(text, evidence, f"(text left out to save room: {short})")


def _block(number: int | None, passage: Passage, chars: int) -> str:
    """A passage between tags that its own text cannot close: documents are data, not instructions."""
    text = passage.text.strip()
    text = text if len(text) <= chars else text[:chars].rstrip() + " …"
    heading = f"{_one_line(passage.heading)}\n" if passage.heading else ""
    inner = defused(f"[{number}] {_where(passage)}\n{heading}{text}")
    return f"<passage>{inner}\n</passage>"


def _where(passage: Passage) -> str:
    file = _one_line(passage.file)
    return file if passage.page is None else f"{file}, page {passage.page}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _window(passages: Sequence[Passage], evidence: Evidence, chars: int) -> Sequence[Passage]:
    """All, where they fit; else as many as fit from the first that is known; at least one."""
    if sum(len(p.text) for p in passages) <= chars:
        return passages
    first = next((i for i, p in enumerate(passages) if evidence.number(p) is not None), 0)
    room, end = chars - len(passages[first].text), first + 1
    while end < len(passages) and len(passages[end].text) <= room:
        room -= len(passages[end].text)
        end += 1
    return passages[first:end]
