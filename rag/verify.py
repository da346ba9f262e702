"""Claims against passages: code finds the verbatim sentence that carries each claim, or strikes its marker."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answer import Citation
from rag.claim import contradicts, figures, stated
from rag.lexical import WordCover, content_words, words_of
from rag.passage import Passage
from rag.sentence import Sentence
from rag.sentences import fold, fold_hyphens, sentence_spans
from rag.support import Supported, Supporter

MARKER = re.compile(r"\s*\[(?:passage\s*)?(\d{1,3}(?:\s*,\s*\d{1,3})*)\]", re.IGNORECASE)
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")

FEW_WORDS = 3
"""Up to so many words that a claim adds to the question must all stand in the quote …"""
MIN_COVER = 0.6
"""… of more words this share (by rarity) must, …"""
NEAR_COSINE, NEAR_COVER = 0.65, 0.4
"""… or this lower share with this cosine: a paraphrase."""
_CAPITAL = re.compile(r"\b[A-Z][\w'’-]+")
STEM = 5
"""Letters in which a name and its bent form agree."""
_PRONOUN = re.compile(
    r"\b(?:he|she|it|they|his|her|hers|its|their|theirs|him|them|we|our|us|i|my|me|this|these|those|such)\b",
    re.IGNORECASE,
)
_OF_SPEAKER = re.compile(r"\b(?:I|me|my|mine|we|us|our)\b|\bI['’]", re.IGNORECASE)
MIN_CONTEXT = 0.5
"""Of the question's words that a claim repeats, the share that must stand in the passage, its heading or file name."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A text whose markers number `citations`, and those of its sentences that nothing supports."""

    text: str
    citations: tuple[Citation, ...]
    unsupported: tuple[str, ...]
    struck: tuple[int, ...] = ()
    """Numbers in the text that was verified: they name no passage, or one that does not carry their sentence."""


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
        said: set[str] = set()
        for claim in _claims(text):
            plain = MARKER.sub("", claim).strip()
            bare = _LIST_MARK.sub("", plain)
            if not any(character.isalnum() for character in bare) or bare.lower() in said:
                continue  # small models say one sentence again and again
            said.add(bare.lower())
            cited = _cited(claim)
            found = self._evidence(question, stated(bare), cited, passages)
            carrying = {item.sentence.passage + 1 for item in found}
            struck += [number for number in cited if number not in carrying]
            if not found:
                unsupported.append(bare)
            quoted = [sentence for item in found for sentence in _with_lead(item.sentence)]
            numbers = dict.fromkeys(numbered(citations, cite(sentence, passages)) for sentence in quoted)
            written.append(" ".join([plain, *(f"[{number}]" for number in numbers)]))
        return Verified("\n".join(written), tuple(citations), tuple(unsupported), tuple(dict.fromkeys(struck)))

    def _evidence(
        self, question: str, claim: str, cited: Sequence[int], passages: Sequence[Passage]
    ) -> list[Supported]:
        """The best sentence that carries the claim in each cited passage (by number), else the best in all of them."""
        test = _Test(self._supporter, question, claim)
        if not test.words:
            return []
        # A short answer ("1.2 billion") is no sentence: it is looked for together with the question.
        query = f"{question} {claim}" if len(test.words) <= FEW_WORDS else claim
        ranked = self._supporter.rank(query, passages)
        carrying: dict[int, Supported] = {}
        for item in ranked:
            number = item.sentence.passage + 1
            if number not in carrying and test.passes(item, _context(passages[item.sentence.passage])):
                carrying[number] = item
        return [carrying[number] for number in cited if number in carrying] or list(carrying.values())[:1]


class _Test:
    """What one claim demands of a quote and of the passage around it.

    What the claim adds to the question has to stand in the quote itself; what it repeats may stand around it.
    """

    def __init__(self, supporter: Supporter, question: str, claim: str) -> None:
        self._claim = claim
        self.words = content_words(claim)
        asked = WordCover([question])  # by stems: a claim recommends what the question asks to recommend
        repeated = [word for word in self.words if asked.holders(word)]
        added = [word for word in self.words if word not in repeated]
        self._names = {word.lower() for word in _CAPITAL.findall(claim[1:])} & set(added)  # the first word begins it
        self._added = supporter.weights(added or self.words)
        self._repeated = supporter.weights(repeated)
        self._figures = figures(claim)
        self._asked_figures = figures(question)

    def passes(self, item: Supported, context: str) -> bool:
        quote = item.sentence.text
        return (
            self._figures_stand(quote, context)
            and not contradicts(self._claim, f"{_above(item.sentence)} {quote}")
            and self._words_stand(item.sentence, item.cosine)
            and self._names_stand(item.sentence)
            and (not self._repeated or _cover(self._repeated, context) >= MIN_CONTEXT)
        )

    def _figures_stand(self, quote: str, context: str) -> bool:
        near, around = figures(quote), figures(context)
        return all(
            figure.stands_among(near) or (figure in self._asked_figures and figure.stands_among(around))
            for figure in self._figures
        )

    def _words_stand(self, sentence: Sentence, cosine: float) -> bool:
        above = _above(sentence)
        share = _cover(self._beyond(above) if sentence.spoken else self._added, f"{above} {sentence.text}")
        if len(self._added) <= FEW_WORDS:
            return share > 0.999
        return share >= MIN_COVER or (cosine >= NEAR_COSINE and share >= NEAR_COVER)

    def _beyond(self, speaker: str) -> Mapping[str, float]:
        """What is said, without who says it."""
        named = set(words_of(speaker))
        return {word: weight for word, weight in self._added.items() if word not in named} or self._added

    def _names_stand(self, sentence: Sentence) -> bool:
        """Who did it is no matter of shares: a name stands in the quote, unless that says "she" or "it"."""
        there = {word[:STEM] for word in words_of(f"{_above(sentence)} {sentence.text}")}
        return bool(_PRONOUN.search(sentence.text)) or all(word[:STEM] in there for word in self._names)


def _cover(weights: Mapping[str, float], text: str) -> float:
    return WordCover([text]).weighted(weights)[0]


def _above(sentence: Sentence) -> str:
    """What the line before says for this one too: it leads to a list, or names who says "I"."""
    means = sentence.lead is not None and (not sentence.spoken or bool(_OF_SPEAKER.search(sentence.text)))
    return sentence.lead.text if sentence.lead and means else ""


def _context(passage: Passage) -> str:
    """What the quote stands in: the year and the company of a question are often in the file's name only."""
    name = re.sub(r"[/_.-]+", " ", passage.file)
    return f"{name} {passage.heading} {passage.text}"


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


def finished_text(text: str, metadata: Mapping[str, object]) -> str:
    """A model's text; where it ran into its limit (by its response metadata), without the sentence that was
    cut off, unless it is the only one."""
    text = text.strip()
    if "length" not in (metadata.get("done_reason"), metadata.get("finish_reason")):
        return text
    spans = sentence_spans(text)
    return text[: spans[-2][1]] if len(spans) > 1 else text


def _claims(text: str) -> list[str]:
    """Sentences of a text, a marker after the full stop belonging to the sentence before it."""
    moved = re.sub(r"([.!?])((?:\s*\[[\d,\s]+\])+)", r"\2\1", text)
    return [moved[start:end] for start, end in sentence_spans(moved)]


def _cited(claim: str) -> list[int]:
    numbers = (int(number) for match in MARKER.finditer(claim) for number in match.group(1).split(","))
    return list(dict.fromkeys(numbers))


def numbered(citations: list[Citation], citation: Citation) -> int:
    """The citation's number, from 1; a new one is appended."""
    if citation not in citations:
        citations.append(citation)
    return citations.index(citation) + 1
