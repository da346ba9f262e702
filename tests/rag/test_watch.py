from __future__ import annotations

from pathlib import Path
from threading import Event

from rag.watch import watch
from tests.rag.small import fill


def test_a_change_is_noticed_once_however_often_the_file_is_written(tmp_path: Path) -> None:
    stop = Event()
    changes = watch(fill(tmp_path, {"a.md": ""}), stop=stop)
    next(changes)
    for text in ("one", "two"):
        fill(tmp_path, {"sub/b.md": text})
    next(changes)
    stop.set()
    assert list(changes) == []
