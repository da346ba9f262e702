"""Claims against passages: code finds the verbatim sentence that carries each claim, or strikes its marker."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answer import Citation
from rag.claim import stated
from rag.demand import FEW_WORDS, Demand
from rag.passage import Passage
from rag.sentence import Sentence
from rag.sentences import fold, fold_hyphens, sentence_spans
from rag.support import Supported, Supporter

_NUMBERS = r"\d{1,3}(?:\s*,\s*\d{1,3})*"
MARKER = re.compile(rf"\s*\[(?:passage\s*)?({_NUMBERS})\]", re.IGNORECASE)
_MARKED_AFTER = re.compile(rf"([.!?])((?:\s*\[(?:passage\s*)?{_NUMBERS}\])+)", re.IGNORECASE)
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")


@dataclass(frozen=True, slots=True)
class Verified:
    """A text whose markers number `citations`, and those of its sentences that nothing supports."""

    text: str
    citations: tuple[Citation, ...]
    unsupported: tuple[str, ...]
    struck: tuple[int, ...] = ()
    """Numbers in the text that was verified: they name no passage, or one that does not carry their sentence."""
    beside: tuple[Sentence, ...] = ()
    """Sentences of the passages that say what is unsupported only because it has nothing to do with the question."""


class Verifier:
    """Verifies what a model wrote against the passages that it was given."""

    def __init__(self, supporter: Supporter) -> None:
        self._supporter = supporter

    def verify(self, question: str, text: str, passages: Sequence[Passage]) -> Verified:
        """`text` cites passages by [number], from 1. A marker that names no passage, or one that does not carry its
        sentence, is struck. A sentence that is left without a marker is looked for in all of the passages."""
        citations: list[Citation] = []
        unsupported: list[str] = []
        struck: list[int] = []
        written: list[str] = []
        beside: list[Sentence] = []
        said: set[str] = set()
        claims = _claims(text)
        for claim in claims:
            plain = MARKER.sub("", claim).strip()
            bare = _LIST_MARK.sub("", plain)
            if not any(character.isalnum() for character in bare) or bare.lower() in said:
                continue  # small models say one sentence again and again
            said.add(bare.lower())
            claimed = stated(bare)
            if not any(map(str.isalnum, claimed)) and claim is not claims[-1]:
                written.append(plain)  # "Yes." claims nothing, and what follows does
                continue
            cited = _cited(claim)
            found, off = self._evidence(question, claimed, cited, passages)
            beside += off
            carrying = {item.sentence.passage + 1 for item in found}
            struck += [number for number in cited if number not in carrying]
            if not found:
                unsupported.append(bare)
            quoted = [sentence for item in found for sentence in _with_lead(item.sentence)]
            numbers = dict.fromkeys(numbered(citations, cite(sentence, passages)) for sentence in quoted)
            written.append(" ".join([plain, *(f"[{number}]" for number in numbers)]))
        numbers_struck = tuple(dict.fromkeys(struck))
        return Verified("\n".join(written), tuple(citations), tuple(unsupported), numbers_struck, tuple(beside))

    def _evidence(
        self, question: str, claim: str, cited: Sequence[int], passages: Sequence[Passage]
    ) -> tuple[list[Supported], list[Sentence]]:
        """The best sentence that carries the claim in each cited passage (by number), else the best in all of them;
        where there is none, those that say it without bearing on the question."""
        demand = Demand(self._supporter, question, claim)
        if not demand.words:
            return [], []
        # A short answer ("1.2 billion") is no sentence: it is looked for together with the question.
        query = f"{question} {claim}" if len(demand.words) <= FEW_WORDS else claim
        ranked = self._supporter.rank(query, passages)
        carrying: dict[int, Supported] = {}
        beside: list[Sentence] = []
        for item in ranked:
            number = item.sentence.passage + 1
            if number in carrying or not demand.stands_in(item, passages[item.sentence.passage]):
                continue
            if demand.bears_on_question(item.sentence):
                carrying[number] = item
            else:
                beside.append(item.sentence)
        found = [carrying[number] for number in cited if number in carrying] or list(carrying.values())[:1]
        return found, [] if found else beside


def _with_lead(sentence: Sentence) -> list[Sentence]:
    """A list's item says nothing without the line that leads to it."""
    return [sentence.lead, sentence] if sentence.lead and not (sentence.spoken or sentence.row) else [sentence]


def cite(sentence: Sentence, passages: Sequence[Passage]) -> Citation:
    """A citation of a sentence; its quote is cut out of the passage, so it stands there by construction."""
    passage = passages[sentence.passage]
    start, end = sentence.start, sentence.end
    quote = passage.text[start - passage.start : end - passage.start]
    shown = fold_hyphens(quote) if passage.page is not None else fold(quote)
    return Citation(passage.file, passage.page, shown, start, end)


def cut_off(metadata: Mapping[str, object]) -> bool:
    """Whether a model ran into its limit of tokens, by its response metadata."""
    return "length" in (metadata.get("done_reason"), metadata.get("finish_reason"))


def finished_text(text: str, metadata: Mapping[str, object]) -> str:
    """A model's text; where it ran into its limit (by its response metadata), without the sentence that was
    cut off, unless it is the only one."""
    text = text.strip()
    if not cut_off(metadata):
        return text
    spans = sentence_spans(text)
    return text[: spans[-2][1]] if len(spans) > 1 else text


def _claims(text: str) -> list[str]:
    """Sentences of a text, a marker after the full stop belonging to the sentence before it."""
    moved = _MARKED_AFTER.sub(r"\2\1", text)
    return [moved[start:end] for start, end in sentence_spans(moved)]


def _cited(claim: str) -> list[int]:
    numbers = (int(number) for match in MARKER.finditer(claim) for number in match.group(1).split(","))
    return list(dict.fromkeys(numbers))


def numbered(citations: list[Citation], citation: Citation) -> int:
    """The citation's number, from 1; a new one is appended."""
    if citation not in citations:
        citations.append(citation)
    return citations.index(citation) + 1
