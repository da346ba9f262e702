"""A conversation over a folder, kept in its index's place so that it can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speedking.console import counted

if TYPE_CHECKING:
    from rag import Answer
    from rag.rewrite import Exchange
    from speedking.engine import Choice


KEPT, TYPED = "chat.jsonl", "chat_history"
"""Files in an index's place: the conversations, and the lines that arrow keys bring back."""


def forget_conversations(location: Path) -> None:
    for name in (KEPT, TYPED):
        (location / name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer. `searched` is the question as it stood alone; `conversation` names, by the time of
    its first question, what it is a part of."""

    conversation: str
    question: str
    searched: str
    text: str
    answerable: bool
    citations: list[dict[str, Any]]
    engine: str
    model: str | None


class Conversation:
    """A line of JSON a turn, appended as it happens; a new conversation goes into the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = _now()
        self.turns: list[Turn] = []

    def resume(self) -> None:
        """Goes on with the last conversation, if there is one."""
        kept = list(_read(self._path))
        if kept:
            self._name = kept[-1].conversation
            self.turns = [turn for turn in kept if turn.conversation == self._name]

    def new(self) -> None:
        self._name = _now()
        self.turns = []

    def add(self, question: str, searched: str, answer: Answer, choice: Choice) -> None:
        citations = [asdict(citation) for citation in answer.citations]
        turn = Turn(
            self._name,
            question,
            searched,
            answer.text,
            answer.answerable,
            citations,
            choice.engine,
            choice.model or None,
        )
        self.turns.append(turn)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(turn), ensure_ascii=False) + "\n")

    @property
    def history(self) -> list[Exchange]:
        """What a follow-up may refer to."""
        from rag.rewrite import Exchange

        return [Exchange(turn.searched, turn.text) for turn in self.turns]


def taken_up(conversation: Conversation) -> str:
    """What a person is told who resumed it."""
    if not conversation.turns:
        return "no conversation was kept here: this is a new one"
    return f"going on after {counted(len(conversation.turns), 'question')}"


def _read(path: Path) -> Iterator[Turn]:
    """The turns of all conversations; a line that a crash cut off, or that another version wrote, is passed over."""
    with suppress(FileNotFoundError), path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with suppress(ValueError, TypeError):
                yield Turn(**json.loads(line))


def _now() -> str:
    return datetime.now(UTC).isoformat()
