"""What a model copied for a sentence that nothing carries: the documents' own sentence is shown with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.lexical import words_of
from rag.passage import Passage
from rag.support import Supported
from rag.verify import Verified, cite, numbered


def with_quotes(
    verified: Verified, quotes: Mapping[str, str], supporting: Sequence[Supported], passages: Sequence[Passage]
) -> Verified:
    """The text with a verbatim sentence for each unsupported one whose quote is found among those of `supporting`,
    the best first; the unsupported ones stay what they are."""
    citations = list(verified.citations)
    written = [verified.text]
    for quote in _quotes(verified.unsupported, quotes):
        found = next((item for item in supporting if _holds(item.sentence.text, quote)), None)
        citation = None if found is None else cite(found, passages)
        if citation is not None and citation not in citations:
            written.append(f"{citation.quote} [{numbered(citations, citation)}]")
    return Verified("\n".join(written), tuple(citations), verified.unsupported, verified.struck)


def _quotes(unsupported: Sequence[str], quotes: Mapping[str, str]) -> list[str]:
    """Those of the written sentences that hold an unsupported one: several may stand in one."""
    return [quote for written, quote in quotes.items() if any(one in written for one in unsupported)]


def _holds(sentence: str, quote: str) -> bool:
    """Whether one of them is a part of the other, by their words."""
    one, other = (f" {' '.join(words_of(text))} " for text in (sentence, quote))
    return len(other.split()) > 1 and (one in other or other in one)
