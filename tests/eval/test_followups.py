from __future__ import annotations

import json
from pathlib import Path

from eval.scripts.followups import follow_ups, table
from rag import Index
from tests.rag.small import WordEncoder

TURNS = [
    {"kind": "first", "question": "What is paid in Porto?", "alone": "", "files": ["a.md"], "evidence": ["Porto 5"]},
    {
        "kind": "slot",
        "question": "And in Ghent?",
        "alone": "What is paid in Ghent?",
        "files": ["b.md"],
        "evidence": ["Ghent is\n paid 7"],
    },
    {"kind": "new", "question": "Who is Ann?", "alone": "Who is Ann?", "files": ["a.md"], "evidence": ["Ann"]},
]


def test_only_follow_ups_are_counted_in_the_three_ways_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "conversations.jsonl"
    file.write_text(json.dumps({"corpus": "towns", "part": "tuning", "turns": TURNS}), encoding="utf-8")
    (one,) = follow_ups(file)
    assert one.written == ("And in Ghent?", "What is paid in Ghent?", "What is paid in Ghent?")


def test_a_follow_up_is_found_where_its_evidence_stands(tmp_path: Path) -> None:
    file = tmp_path / "conversations.jsonl"
    file.write_text(json.dumps({"corpus": "towns", "part": "tuning", "turns": TURNS}), encoding="utf-8")
    (one,) = follow_ups(file)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "b.md").write_text("In Ghent is paid 7.", encoding="utf-8")
    with Index.open(tmp_path / "docs", index=tmp_path / "index", encoder=WordEncoder()) as index:
        index.sync()
        assert one.places(index) == [0, 0, 0]
        (tmp_path / "docs" / "b.md").rename(tmp_path / "docs" / "c.md")
        index.sync()
        assert one.places(index) == [None, None, None]


def test_the_table_counts_the_first_three_and_the_first_of_each_part() -> None:
    lines = list(table([("tuning", [None, 0, 0]), ("tuning", [2, 1, 0]), ("proving", [None, None, 0])]))
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "tuning 2 1 / 0 2 / 1 2 / 2",
        "proving 1 0 / 0 0 / 0 1 / 1",
        "both 3 1 / 0 2 / 1 3 / 3",
    ]
