"""The first answer over a folder whose embedding takes long, and answers while another process writes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag import Index
from rag.embedding import SLICE
from rag.encoder import Vectors
from speedking.commands.ask import Asking
from speedking.commands.chat import Chat
from speedking.console import Terminal
from speedking.conversation import Conversation
from speedking.engine import Choice
from speedking.library import TRIAL, Opening
from speedking.meter import Cancelled
from speedking.session import Session
from speedking.settings import load_settings
from tests.rag import held_sync
from tests.rag.small import WordEncoder, fill
from tests.speedking.door import screen

QUESTION = "Where does the ferry to Ost leave?"
FERRY = "The ferry to Ost leaves from pier nine."
SLOWLY = 2.0
"""Seconds of the texts that measure an encoder, by which it takes longer than a person is made to wait."""


class SlowEncoder(WordEncoder):
    """Takes `sample_s` for the texts that measure it, and `slice_s` for the second slice of a sync."""

    def __init__(self, sample_s: float, slice_s: float = 0.0) -> None:
        self._sample_s, self._slice_s = sample_s, slice_s
        self._slices = 0

    def documents(self, texts: Sequence[str]) -> Vectors:
        if texts is TRIAL:
            time.sleep(self._sample_s)
        elif len(texts) == SLICE:
            self._slices += 1
            time.sleep(self._slice_s if self._slices == 2 else 0.0)
        return super().documents(texts)


@contextmanager
def asking(
    tmp_path: Path, encoder: WordEncoder, *, words: int = 12_000, json: bool = False, about: str = QUESTION
) -> Iterator[tuple[Asking, Opening]]:
    """A question over a folder that was never read; sixty words make a passage."""
    long = " ".join(f"word{number}" for number in range(words))
    folder = fill(tmp_path / "docs", {"ferry.md": f"# Ferry\n\n{FERRY}\n", "long.txt": long})
    with Index.open(folder, index=tmp_path / "index", encoder=encoder) as index:
        terminal = Terminal(json_mode=json)
        session = Session(index, Choice("reader", "", ""), terminal, k=10)
        yield (
            Asking(session, about, terminal, began=time.perf_counter(), connect_s=0.0),
            Opening(folder, None, load_settings({}, {}, tmp_path / "none.toml")),
        )


def test_words_alone_answer_first_where_embedding_takes_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with asking(tmp_path, SlowEncoder(SLOWLY)) as (question, opening):
        asked = question.answered(opening)
    out, err = capsys.readouterr()
    assert out == ""  # the last word is the caller's to show
    assert "a first answer, before the folder is embedded:" in err
    assert "from words only: 0% of the passages are embedded yet" in err
    assert f'    "{FERRY}"' in err
    assert asked.answer.embedded_share == 1


@pytest.mark.parametrize(("sample_s", "json"), [(0.0, False), (SLOWLY, True)])
def test_where_embedding_is_quick_and_for_a_script_there_is_one_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sample_s: float, json: bool
) -> None:
    with asking(tmp_path, SlowEncoder(sample_s), json=json) as (question, opening):
        assert question.answered(opening).answer.embedded_share == 1
    assert "a first answer" not in capsys.readouterr().err


def test_where_the_person_breaks_off_a_long_embedding_the_first_answer_stands(tmp_path: Path) -> None:
    encoder = SlowEncoder(SLOWLY, slice_s=6.0)
    with screen("n\n") as sent, asking(tmp_path, encoder, words=60_000) as (question, opening):
        asked = question.answered(opening)
    assert "embedding this folder will take about" in sent[0]
    assert "go on? [Y/n]" in sent[0]
    assert asked.answer.embedded_share < 1
    assert "pier nine" in asked.answer.text


@pytest.mark.parametrize(
    ("sample_s", "about"), [(0.0, QUESTION), (SLOWLY, "Who painted the ceiling of the chapel?")], ids=["none", "empty"]
)
def test_broken_off_without_a_first_answer_it_is_cancelled(tmp_path: Path, sample_s: float, about: str) -> None:
    with (
        screen("n\n") as sent,
        pytest.raises(Cancelled),
        asking(tmp_path, SlowEncoder(sample_s, slice_s=6.0), words=60_000, about=about) as (question, opening),
    ):
        question.answered(opening)
    assert ("words alone find nothing that answers" in sent[0]) is bool(sample_s)


def test_in_a_chat_a_no_to_a_long_reading_leaves_what_words_alone_find(tmp_path: Path) -> None:
    folder = fill(tmp_path / "docs", {"ferry.md": f"# Ferry\n\n{FERRY}\n"})
    opening = Opening(folder, None, load_settings({}, {}, tmp_path / "none.toml"))
    encoder = SlowEncoder(0.0, slice_s=6.0)
    with screen("n\n") as sent, Index.open(folder, index=tmp_path / "index", encoder=encoder) as index:
        index.sync()
        fill(folder, {"long.txt": " ".join(f"word{number}" for number in range(60_000))})
        terminal = Terminal()
        session = Session(index, Choice("reader", "", ""), terminal, k=10)
        chat = Chat(session, Conversation(tmp_path / "chat.jsonl"), terminal, sync_as=opening, pinned=None)
        assert chat.take(QUESTION)
        assert chat.take(QUESTION)
    assert sent[0].count("go on? [Y/n]") == 1
    assert sent[0].count("from words only: ") == 2
    assert sent[0].count(f'"{FERRY}"') == 2


def test_while_another_process_writes_what_is_there_is_answered_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with asking(tmp_path, WordEncoder(), words=0) as (question, opening):
        question.answered(opening)
        fill(opening.folder, {"new.md": "# New\n\nA new ferry leaves from pier ten.\n"})
        other = held_sync.start(opening.folder, tmp_path / "index")
        try:
            capsys.readouterr()
            assert question.answered(opening).answer.answerable
            assert "another process is writing this index: answering from what is there" in capsys.readouterr().err
        finally:
            held_sync.let_on(other)
            other.communicate()
