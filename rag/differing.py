"""Where another document says what is quoted with other figures, or denies it: two versions of a policy, an amendment.

Told of beside the answer and not weighed: which of them is in force, code cannot know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.answer import Answer, Citation, Differing
from rag.asked import NUMBER_WORDS
from rag.claim import NEGATION
from rag.lexical import content_words
from rag.passage import Passage
from rag.phrase import YEAR
from rag.sentence import Sentence, sentences_of_all
from rag.sentences import LISTED
from rag.verify import cite

ALIKE = 0.75
"""Words in common, figures left out (Jaccard). Of 40 questions over corpora/policies, 26 quotes differ from another
document's at half of the words, some of them rows of other products; at three quarters each is another version. Over
lihua_world, FinanceBench and corpora/handbook, 60 questions each, none does."""
LEAST_WORDS = 3
MOST = 2
"""Of one quote: a third version changes nobody's mind."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence's words, its figures, the years among them, and whether it denies."""

    words: frozenset[str]
    figures: frozenset[str]
    years: frozenset[str]
    denied: bool

    @classmethod
    def of(cls, text: str) -> _Said:
        text = LISTED.sub("", text, count=1) if not text.startswith("|") else text
        every = frozenset(content_words(text))
        figures = frozenset(word for word in every if word in NUMBER_WORDS or re.search(r"\d", word))
        years = frozenset(word for word in figures if YEAR.fullmatch(word))
        return cls(every - figures, figures - years, years, bool(NEGATION.search(text)))

    def differs_from(self, other: _Said) -> bool:
        """What is said of another year is another thing."""
        if min(len(self.words), len(other.words)) < LEAST_WORDS or self.years != other.years:
            return False
        if len(self.words & other.words) < ALIKE * len(self.words | other.words):
            return False
        if self.denied != other.denied:
            return True
        return self.figures != other.figures and bool(self.figures) and bool(other.figures)


def with_differing(answer: Answer, passages: Sequence[Passage]) -> Answer:
    """The answer with those sentences of the passages, in other files, that say what is quoted with other figures."""
    sentences = [(one, _Said.of(one.text)) for one in sentences_of_all(passages)] if answer.citations else []
    found = [
        Differing(number, cite(other, passages))
        for number, quoted in enumerate(answer.citations, start=1)
        for other in _others(quoted, sentences, passages)
    ]
    return replace(answer, differing=tuple(found)) if found else answer


def _others(
    quoted: Citation, sentences: Sequence[tuple[Sentence, _Said]], passages: Sequence[Passage]
) -> Iterator[Sentence]:
    """The first such sentence of each other file, of two files at most."""
    said = _Said.of(quoted.quote)
    files = {quoted.file}
    for sentence, other in sentences:
        file = passages[sentence.passage].file
        if len(files) <= MOST and file not in files and said.differs_from(other):
            files.add(file)
            yield sentence
