"""What is scored, seen from here: anything with these attributes, of our own making or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias


class PassageLike(Protocol):
    """A retrieved piece of text and its place; `page` is 1-based, `start` and `end` character offsets."""

    @property
    def file(self) -> str: ...
    @property
    def page(self) -> int | None: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class CitationLike(Protocol):
    """A quote and the place where it is said to stand."""

    @property
    def file(self) -> str: ...
    @property
    def page(self) -> int | None: ...
    @property
    def quote(self) -> str: ...


class AnswerLike(Protocol):
    """An answer; its text may hold markers [1], [2] … that number the citations. `answerable` False:
    the system says that the documents do not tell."""

    @property
    def text(self) -> str: ...
    @property
    def citations(self) -> Sequence[CitationLike]: ...
    @property
    def answerable(self) -> bool: ...


AnswerFunction: TypeAlias = Callable[[str], str | AnswerLike]
RetrieveFunction: TypeAlias = Callable[[str], Sequence[PassageLike]]
QuoteFound: TypeAlias = Callable[[CitationLike], bool]
