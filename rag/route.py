"""The files that a question names: "Adobe … FY2022" and ADOBE_2022_10K.pdf, "best buy" and bestbuy-2023.pdf."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from rag.lexical import STOP_WORDS

_BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_WORD = re.compile(r"[^\W_]+")
_SHORT_YEAR = re.compile(r"\b(?:FY|CY)\s?['’]?(\d\d)\b", re.IGNORECASE)
_JOINED = 3
"""A name written in one is looked for in up to so many words of the question."""
_SPREAD = 2
"""A word tells files apart where the texts of at most so many times the files that bear it hold it: Adobe's does,
"cache" in the name of one file of many about caches does not. Numbers always do: they stand in every text."""

Route = Mapping[int, float]
FilesHolding = Callable[[str], int]


class FileNames:
    """The words of the files' paths, which say what a file is about more surely than most of its text.

    `paths` maps a file's id to its path relative to the folder; `files_holding` counts the files whose text holds a
    word.
    """

    def __init__(self, paths: Mapping[int, str], files_holding: FilesHolding) -> None:
        self._names = {key: frozenset(_name_words(path)) for key, path in paths.items()}
        self._count = Counter(word for words in self._names.values() for word in words)
        self._files_holding = files_holding
        self._telling: dict[str, bool] = {}

    def route(self, question: str) -> Route:
        """File id -> the rarity among names, in nats, of the telling words of the question that its name holds: the
        sum of ln((files + 1) / files so named). Files that hold none are left out."""
        asked = [word for word in _asked_words(question) if self._tells(word)]
        rarity = {word: math.log((len(self._names) + 1) / self._count[word]) for word in asked}
        scores = {key: sum(rarity[word] for word in asked if word in words) for key, words in self._names.items()}
        return {key: score for key, score in scores.items() if score > 0}

    def without_names(self, question: str) -> str:
        """The question without the words that name files: within a file, its own name tells nothing apart."""
        tokens = question.split()
        words = [list(_words(re.sub(r"['’]s?$", "", token.rstrip("?.,;:!")))) for token in tokens]
        spent: set[int] = set()
        for start in range(len(tokens)):
            for end in range(start + 1, min(start + _JOINED, len(tokens)) + 1):
                if not (words[start] and words[end - 1]):
                    continue
                part = [word for token in words[start:end] for word in token]
                if self._tells("".join(part)) or (end == start + 1 and self._all_tell(part)):
                    spent.update(range(start, end))
        return " ".join(token for number, token in enumerate(tokens) if number not in spent)

    def _all_tell(self, words: list[str]) -> bool:
        return all(self._tells(word) or word in ("fy", "cy") for word in words)

    def _tells(self, word: str) -> bool:
        """Whether it is a word of names that tells files apart."""
        if word not in self._count:
            return False
        if word not in self._telling:
            number = any(character.isdigit() for character in word)
            self._telling[word] = number or self._files_holding(word) <= _SPREAD * self._count[word]
        return self._telling[word]


def _name_words(path: str) -> Iterator[str]:
    """Each word of the path ("3M" whole and in parts), and each part of it joined up ("best-buy" is also "bestbuy")."""
    for part in PurePosixPath(path).with_suffix("").parts:
        words = list(_words(part))
        yield from words
        yield from _WORD.findall(part.lower())
        yield "".join(words)


def _asked_words(question: str) -> list[str]:
    words = list(_words(question))
    joined = ("".join(words[i : i + n]) for n in range(1, _JOINED + 1) for i in range(len(words) - n + 1))
    years = (f"20{year}" for year in _SHORT_YEAR.findall(question))
    return list(dict.fromkeys(word for word in (*joined, *years) if len(word) > 1))


def _words(text: str) -> Iterator[str]:
    """Lower case; letters and digits apart ("FY2022", "2023Q2"), camel case too."""
    return (word for word in _WORD.findall(_BOUNDARY.sub(" ", text).lower()) if word not in STOP_WORDS)
