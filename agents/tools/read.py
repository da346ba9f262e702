"""read: a passage with what stands around it, pages of a file, or a file around what was found in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.evidence import Evidence, place
from agents.tools.call import Observation
from agents.tools.shown import estimated_tokens, one_line, plural, told, word
from agents.tools.snippet import shortened
from agents.tools.spec import Parameter, ToolSpec
from rag.passage import Passage

Read = Callable[[str, int | None], Sequence[Passage]]

READ = ToolSpec(
    "read",
    "Read more: around a passage by its number, or a file by its name, or pages of it.",
    (
        Parameter("file", "string", "A file as search names it", required=False),
        Parameter("page", "integer", "A page of the file", required=False),
        Parameter("last_page", "integer", "Read from page to this page", required=False),
        Parameter("passage", "integer", "Instead of a file: the number of a passage, 2 for [2]", required=False),
    ),
)
HOW = "read needs a passage (its number), or a file, or a file and a page"


@dataclass(frozen=True, slots=True)
class Pages:
    """From `first` to `last`; both None: the whole file."""

    first: int | None = None
    last: int | None = None

    @property
    def told(self) -> str:
        return f"page {self.first}" if self.first == self.last else f"pages {self.first} to {self.last}"

    def of(self, passages: Sequence[Passage]) -> Sequence[Passage]:
        if self.first is None or self.last is None:
            return passages
        return [one for one in passages if one.page is not None and self.first <= one.page <= self.last]


def passage_read(read: Read, number: int, evidence: Evidence, tokens: int) -> Observation:
    """The passage of that number with its neighbours in the file."""
    known = evidence.passages
    if not 1 <= number <= len(known):
        held = f"the passages found so far are 1 to {len(known)}" if known else "search first"
        return word(f"There is no passage [{number}]: {held}.", evidence)
    wanted = known[number - 1]
    passages = read(wanted.file, None)
    middle = next((at for at, one in enumerate(passages) if place(one) == place(wanted)), None)
    if middle is None:  # the file was indexed anew since
        return _window([wanted], 0, 1, evidence, tokens)
    first, last, left = middle, middle + 1, tokens - _cost(wanted)
    grew = True
    while grew:
        grew = False
        if last < len(passages) and (cost := _cost(passages[last])) <= left:
            last, left, grew = last + 1, left - cost, True
        if first and (cost := _cost(passages[first - 1])) <= left:
            first, left, grew = first - 1, left - cost, True
    return _window(passages, first, last, evidence, tokens)


def pages_read(read: Read, file: str, pages: Pages, evidence: Evidence, tokens: int) -> Observation | None:
    """The pages, or the whole file; as much as fits, from the first passage that was found before. Where the file has
    no such page, all of it with a note; None where there is no such file."""
    single = pages.first is not None and pages.first == pages.last
    passages = read(file, pages.first) if single else pages.of(read(file, None))
    note = ""
    if not passages and pages.first is not None and (passages := read(file, None)):
        has = f"its pages are 1 to {max(one.page or 1 for one in passages)}" if passages[0].page else "it has no pages"
        note = f"{one_line(file)} has no {pages.told}: {has}; this is what it says"
    if not passages:
        return None
    every = sum(_cost(one) for one in passages) <= tokens
    found = (at for at, one in enumerate(passages) if evidence.number(one) is not None)
    first = 0 if every else next(found, 0)
    last, left = first + 1, tokens - _cost(passages[first])
    while last < len(passages) and (cost := _cost(passages[last])) <= left:
        last, left = last + 1, left - cost
    return _window(passages, first, last, evidence, tokens, note)


def _window(
    passages: Sequence[Passage], first: int, last: int, evidence: Evidence, tokens: int, note: str = ""
) -> Observation:
    """Those from `first` to before `last`, and how to see the others."""
    shown = passages[first:last]
    evidence = evidence.plus(shown)
    left = []
    if first:
        left.append(f"{plural(first, 'more passage')} before: read passage {evidence.number(shown[0])}")
    if last < len(passages):
        left.append(f"{plural(len(passages) - last, 'more passage')} after: read passage {evidence.number(shown[-1])}")
    return told([(one, shortened(_text(one), tokens)) for one in shown], evidence, note, "; ".join(left))


def _cost(passage: Passage) -> int:
    """In tokens, with the frame and the place."""
    return estimated_tokens(passage.text) + 20


def _text(passage: Passage) -> str:
    """Rows of a table that lost their header to an earlier passage are shown with it."""
    return f"{passage.columns.strip()}\n{passage.text.strip()}".strip()
