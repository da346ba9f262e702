from __future__ import annotations

import random
from pathlib import Path

from tests.rag.stress_sync import trial


def test_nothing_is_lost_by_kills_nor_by_writers_and_readers_side_by_side(tmp_path: Path) -> None:
    held = trial(tmp_path, files=20, times=2, seconds=3, chance=random.Random(0))
    docs = tmp_path / "docs"
    assert {docs / file for file, *_ in held} == set(docs.rglob("*.md"))
    assert all((docs / file).read_text()[start:end] == text for file, start, end, text, _ in held)
