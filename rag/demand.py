"""What a claim demands of the sentence that is to carry it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rag.claim import SCALES, contradicts, figures
from rag.language import asked_in
from rag.lexical import WordCover, content_words, words_of
from rag.passage import Passage
from rag.sentence import Sentence
from rag.support import Supported, Supporter

FEW_WORDS = 3
"""Up to so many words that a claim adds to the question must all stand in the quote …"""
MIN_COVER = 0.6
"""… of more words this share (by rarity) must, …"""
NEAR_COSINE, NEAR_COVER = 0.65, 0.4
"""… or this lower share with this cosine: a paraphrase."""
_WORD = re.compile(r"[^\W\d_]\w+")
STEM = 5
"""Letters in which a name and its bent form agree."""
_PRONOUN = re.compile(
    r"\W*(?:\w+\W+){0,3}(?:he|she|it|they|his|her|its|their|we|our|i|my|this|these|those|such)\b", re.IGNORECASE
)
"""What the sentence is about was named before it."""
_OF_SPEAKER = re.compile(r"\b(?:I|me|my|mine|we|us|our)\b|\bI['’]", re.IGNORECASE)
HANDED_OVER = frozenset(
    "think thinks believe believes says said states stated mentions mentioned describes notes".split()
)
"""That somebody says it is told by whose words the quote is; documents seldom have the verb."""
MIN_LIKENESS = 0.1
"""Cosine to the question below which a claim that shares no word with it has nothing to do with it. Of 143 cited claims
of Qwen2.5-Coder-1.5B and 0.5B four lay below: three were filler, one was wrong. So did "The moon is made of green
cheese" for ten of the handbook's questions. A planted order that repeats a word of the question passes."""
MIN_CONTEXT = 0.5
"""Of the question's words that a claim repeats, the share that must stand in the passage, its heading or file name."""


class Demand:
    """What one claim demands of a quote and of the passage around it.

    What the claim adds to the question has to stand in the quote itself; what it repeats may stand around it. What has
    nothing to do with the question is no answer, wherever it stands: a planted order makes models write such things.
    """

    def __init__(self, supporter: Supporter, question: str, claim: str) -> None:
        self._supporter = supporter
        self._question, self._claim = question, claim
        self.words = content_words(claim)
        asked = WordCover([question])  # by stems: a claim recommends what the question asks to recommend
        repeated = [word for word in self.words if asked.holders(word)]
        added = [word for word in self.words if word not in repeated and word not in HANDED_OVER and word not in SCALES]
        self._names = _names(claim) & set(added)
        self._added = supporter.weights(added or self.words)
        self._repeated = supporter.weights(repeated)
        self._figures = figures(claim)
        self._asked_figures = figures(question)

    def stands_in(self, item: Supported, passage: Passage) -> bool:
        """Whether a sentence of the passage says the claim; it carries it where that bears on the question too."""
        context = _context(passage)
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

    def bears_on_question(self, sentence: Sentence) -> bool:
        """Whether the claim, or a sentence that says it where it is short, has to do with the question at all."""
        if self._repeated or asked_in(self._question) is not None:  # of other languages MiniLM's cosine tells little
            return True
        read = sentence.row.paired() if sentence.row else sentence.text
        said = (
            f"{_above(sentence)} {read}" if len(self.words) <= FEW_WORDS else self._claim
        )  # "45 minutes" is like nothing
        return self._supporter.likeness(self._question, said.strip()) >= MIN_LIKENESS

    def _beyond(self, speaker: str) -> Mapping[str, float]:
        """What is said, without who says it."""
        named = set(words_of(speaker))
        return {word: weight for word, weight in self._added.items() if word not in named} or self._added

    def _names_stand(self, sentence: Sentence) -> bool:
        """Who did it is no matter of shares: a name stands in the quote, unless that says "she" or "it"."""
        there = {word[:STEM] for word in words_of(f"{_above(sentence)} {sentence.text}")}
        return bool(_PRONOUN.match(sentence.text)) or all(word[:STEM] in there for word in self._names)


def _names(claim: str) -> set[str]:
    """Its words with a capital, lower case. The first one begins the claim, and is a name where another follows it."""
    words = _WORD.findall(claim)
    if not any(word[0].isupper() for word in words[1:2]):
        del words[:1]
    return {word.lower() for word in words if word[0].isupper()}


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
