"""What to search for next: names that lead from what was found to what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from agents.fixed.names import names
from rag.lexical import content_words
from rag.passage import Passage

AT_ONCE = 2
"""Names in one query."""
LEADING = 5
"""Of the first passages, those whose names are followed."""


def next_query(task: str, passages: Sequence[Passage], asked: Sequence[str]) -> str | None:
    """The next names to follow that no query of `asked` held, with the words of the task that the best passage lacks;
    where no name leads on, its rare words; None where there is nothing new to ask for. `passages` as they were found,
    best first. Chosen on the odd half of HotpotQA's 200 questions (docs/retrieval.md)."""
    before = " ".join(asked).lower()
    fresh = [name for name in leads(task, passages) if name.lower() not in before or len(asked) < 2]
    words = lacking(task, passages[:1])
    if fresh:
        query = " ".join([*fresh[:AT_ONCE], *words])
    else:
        query = " ".join([*rare_words(passages[0], passages, task), *words])
    return query if query and query not in asked else None


def rare_words(best: Passage, among: Sequence[Passage], task: str, count: int = 4) -> list[str]:
    """Up to `count` words of `best` and its heading that the task lacks: first those that the fewest of the passages
    hold, then the longest, then the earliest."""
    holders = Counter(word for one in among for word in set(_words(one)))
    asked = set(content_words(task))
    own = [word for word in dict.fromkeys(_words(best)) if word not in asked]
    return sorted(own, key=lambda word: (holders[word], -len(word)))[:count]


def lacking(task: str, passages: Sequence[Passage]) -> list[str]:
    """Words of the task that none of the passages holds."""
    held = {word for one in passages for word in content_words(one.text)}
    return [word for word in content_words(task) if word not in held]


def _words(passage: Passage) -> list[str]:
    return [word for word in content_words(f"{passage.heading} {passage.text}") if len(word) > 3 and word.isalpha()]


def leads(task: str, passages: Sequence[Passage]) -> list[str]:
    """Names to follow, the most promising first: those of the task that no passage is about, then those that the
    passages bring in, by the rank of the passage and by how much of the task stands in their sentence."""
    asked = [name for name, _ in names(task)]
    missing = [name for name in asked if not any(_about(name, one) for one in passages)]
    found = sorted(_brought(task, passages), key=lambda lead: -lead[0])
    return list(dict.fromkeys([*missing, *(name for _, name in found)]))


def _about(name: str, passage: Passage) -> bool:
    """The passage begins with it, or its file or heading is named so."""
    words = set(content_words(name))
    head = f"{passage.file} {passage.heading} {passage.text[: len(name) + 20]}".replace("_", " ")
    return words <= set(content_words(head))


def _brought(task: str, passages: Sequence[Passage]) -> Iterator[tuple[float, str]]:
    known = set(content_words(task))
    for rank, passage in enumerate(passages[:LEADING]):
        for name, start in names(passage.text):
            words = set(content_words(name))
            if words <= known or _about(name, passage):
                continue
            sentence = set(content_words(_sentence(passage.text, start)))
            yield len(sentence & known) / (1 + len(known)) + 1 / (2 + rank), name


def _sentence(text: str, at: int) -> str:
    begin = max(text.rfind(". ", 0, at), text.rfind("\n", 0, at)) + 1
    end = text.find(". ", at)
    return text[begin : end if end > 0 else len(text)]
