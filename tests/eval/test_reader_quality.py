from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from eval.scripts import answer_table, reader_quality
from eval.scripts.answer_lines import read_lines

TEXTS = {
    "tea.md": "# Tea\n\nGreen tea is brewed at 80 degrees.\n\nKeep tea in a tin, away from light.\n",
    "kettle.md": "# Kettle\n\nThe Aurora kettle holds its temperature for 45 minutes.\n",
}
QUESTIONS = [
    {"id": "1", "question": "At how many degrees is green tea brewed?", "answer": "80", "evidence_docs": ["tea.md"]},
    {"id": "2", "question": "Who won the chess championship of Jupiter?", "answerable": False},
    {
        "id": "3",
        "question": "How long does the Aurora kettle hold its temperature?",
        "answer": "45 minutes",
        "evidence_docs": ["kettle.md"],
    },
    {"id": "4", "question": "Where do zebras sleep on Saturn?", "answerable": False},
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    docs = tmp_path / "data" / "lihua_world" / "docs"
    docs.mkdir(parents=True)
    for name, text in TEXTS.items():
        (docs / name).write_text(text, encoding="utf-8")
    rows = "\n".join(map(json.dumps, QUESTIONS))
    (docs.parent / "questions.jsonl").write_text(rows, encoding="utf-8")
    return tmp_path / "data"


def arguments(data: Path, limit: int) -> Namespace:
    return Namespace(
        data=data,
        work=data.parent / "work",
        out=data.parent / "answers.jsonl",
        sets=["lihua_world"],
        n=4,
        limit=limit,
        context=1_200,
        engine="reader",
        model=None,
        base_url=None,
        form="text",
    )


def test_a_run_goes_on_where_it_was_ended_and_counts_what_a_person_sees(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for limit in (1, 2, -1, -1):
        reader_quality.run(arguments(data, limit))
    lines = read_lines(data.parent / "answers.jsonl", answer_table.Line)
    assert sorted(line.id for line in lines) == ["1", "2", "3", "4"]
    by_id = {line.id: line for line in lines}
    assert (by_id["1"].right, by_id["1"].verbatim, by_id["1"].right_place, by_id["1"].seen) == (True, True, True, True)
    assert (by_id["2"].answerable, by_id["2"].seen, by_id["2"].right) == (True, False, None)
    capsys.readouterr()
    answer_table.show(lines)
    row = next(row for row in capsys.readouterr().out.splitlines() if row.startswith("lihua_world"))
    assert row.split()[2] == "2/2"
    assert "0/2" in row


@pytest.mark.parametrize(
    ("text", "gold", "right"),
    [
        ("It was 1.58 million.", ["1,577,000"], True),
        ("It was 1.7 million.", ["1,577,000"], False),
        ("Yes, she did.", ["Yes"], True),
        ("She said yes.", ["Yes"], False),
        ("The basement has no leak at all.", ["no water leak"], True),
        ("The roof has a leak.", ["no water leak"], False),
        ("80 degrees", [], False),
    ],
)
def test_right_is_the_number_the_phrase_or_two_thirds_of_the_words(text: str, gold: list[str], right: bool) -> None:
    assert answer_table.is_right(text, gold) is right


def test_what_was_written_is_verified_anew_without_a_model(data: Path) -> None:
    asked = arguments(data, -1)
    reader_quality.run(asked)
    old = [
        line.model_copy(update={"reader": "tiny text", "written": "It is brewed at 80 degrees [1].", "text": ""})
        for line in read_lines(asked.out, answer_table.Line)
        if line.id == "1"
    ]
    asked.again = data.parent / "old.jsonl"
    asked.again.write_text("\n".join(line.model_dump_json() for line in old), encoding="utf-8")
    asked.out = data.parent / "new.jsonl"
    reader_quality.verify_again(asked)
    (line,) = read_lines(asked.out, answer_table.Line)
    assert (line.text, line.right, line.verbatim) == ("It is brewed at 80 degrees. [1]", True, True)
