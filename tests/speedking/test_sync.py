"""What a person is told before a long first sync."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from rag import Index
from speedking.console import Terminal
from speedking.library import sync
from speedking.meter import Cancelled
from tests.rag.small import WatchedEncoder, WordEncoder, fill
from tests.speedking.door import screen

ESTIMATE = re.compile(r"embedding this folder will take about \d+ min; later only changes are read")


class WentOn(Exception):
    """The encoder was called again after the estimate."""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Index]:
    """A folder of some fifty slices, of which the second takes two seconds; the third is the last."""
    calls = count(1)

    def before() -> None:
        call = next(calls)
        if call == 2:
            time.sleep(2.05)
        elif call > 2:
            raise WentOn

    fill(tmp_path / "docs", {"long.txt": " ".join(f"word{number}" for number in range(200_000))})
    encoder = WatchedEncoder(WordEncoder(), before)
    with Index.open(tmp_path / "docs", index=tmp_path / "index", encoder=encoder) as index:
        yield index


def test_without_a_terminal_the_estimate_is_printed_and_the_sync_goes_on(
    slow: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WentOn):
        sync(slow, Terminal(), ask=True)
    assert ESTIMATE.search(capsys.readouterr().err)


@pytest.mark.parametrize(("typed", "end"), [("n\n", Cancelled), ("\n", WentOn)])
def test_on_a_terminal_the_person_is_asked(slow: Index, typed: str, end: type[Exception]) -> None:
    with screen(typed) as sent, pytest.raises(end):
        sync(slow, Terminal(), ask=True)
    assert ESTIMATE.search(sent[0])
    assert "go on? [Y/n]" in sent[0]


def test_index_never_asks(slow: Index) -> None:
    with screen("n\n") as sent, pytest.raises(WentOn):
        sync(slow, Terminal(), ask=False)
    assert ESTIMATE.search(sent[0])
    assert "go on?" not in sent[0]
