from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eval import Question, QuestionRecord, RunFile, evaluate, read_questions, read_run, take_fingerprint
from eval.question import Evidence
from eval.report import Failure
from inference.errors import MeasurementError
from inference.record import Generation

HERE = take_fingerprint(model={"name": "m"}, options={"k": 10})


def test_the_head_comes_first_and_every_record_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "bench.jsonl"
    with RunFile(path, HERE) as run:
        run.append("prefill", Generation("test", "m", prompt_tokens=5))
        assert len(path.read_text(encoding="utf-8").splitlines()) == 2  # written before the file is closed
    head, record = read_run(path)
    assert head.kind == "run"
    assert head.data["schema_version"] == 1
    assert head.data["fingerprint"]["model"] == {"name": "m"}
    assert (record.kind, record.data["prompt_tokens"], record.data["cached_tokens"]) == ("prefill", 5, None)


def test_a_killed_run_goes_on_and_loses_only_the_line_it_was_writing(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with RunFile(path, HERE) as run:
        run.append("a", {"x": 1})
    with path.open("a", encoding="utf-8") as file:
        file.write('{"kind": "b", "da')
    assert [line.kind for line in read_run(path)] == ["run", "a"]
    with RunFile(path, HERE) as run:
        run.append("c", {"x": 2})
    assert [line.kind for line in read_run(path)] == ["run", "a", "c"]


def test_a_run_killed_at_its_first_line_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"kind": "run", "sch', encoding="utf-8")
    with RunFile(path, HERE):
        pass
    assert [line.kind for line in read_run(path)] == ["run"]


def test_a_run_of_other_options_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with RunFile(path, HERE):
        pass
    with pytest.raises(MeasurementError, match="another machine, model, version or options") as caught:
        RunFile(path, replace(HERE, options={"k": 5}))
    assert "--out" in caught.value.next_step


def test_a_broken_line_in_between_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"kind": "a", "data": {}}\nrubbish\n{"kind": "b", "data": {}}\n', encoding="utf-8")
    with pytest.raises(MeasurementError, match="line 2"):
        list(read_run(path))


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text('{"kind": "run", "schema_version": 99}\n', encoding="utf-8")
    with pytest.raises(MeasurementError, match="schema 99"):
        list(read_run(path))


def test_what_is_no_number_never_reaches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with RunFile(path, HERE) as run, pytest.raises(ValueError, match="missing is None"):
        run.append("a", {"x": float("nan")})
    assert [line.kind for line in read_run(path)] == ["run"]


def test_an_evaluation_goes_on_where_it_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "eval.jsonl"
    first = Question("1", "One?", "1", ("1",), True, "a.pdf", (Evidence("a.pdf", 2),), extra={"type": "x"})
    second = Question("2", "Two?", "2", ("2",), True)
    with RunFile(path, HERE) as run:
        whole = evaluate(lambda _: "1", [first], on_question=lambda record: run.append("question", record))
    done = read_questions(path)
    assert done == {"1": whole.records[0]}
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return "2"

    report = evaluate(answer, [first, second], done=done)
    assert asked == ["Two?"]
    assert report.scores["exact_match"].mean == 1


def test_failed_questions_are_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "eval.jsonl"
    with RunFile(path, HERE) as run:
        failure = Failure("answer", "engine_unavailable", "gone")
        run.append("question", QuestionRecord("1", "One?", "c", failures=(failure,)))
    assert read_questions(path) == {}
    assert read_questions(tmp_path / "none.jsonl") == {}


def test_a_question_that_stands_there_twice_counts_once_with_its_last_good_record(tmp_path: Path) -> None:
    path = tmp_path / "eval.jsonl"
    failed = QuestionRecord("1", "One?", "c", failures=(Failure("answer", "engine_unavailable", "gone"),))
    first, second = (QuestionRecord("1", "One?", "c", values={"exact_match": value}) for value in (0.0, 1.0))
    for record in (failed, first, second, failed):
        with RunFile(path, HERE) as run:
            run.append("question", record)
    done = read_questions(path)
    assert done == {"1": second}
    report = evaluate(None, [Question("1", "One?", "c", ("1",), True)], done=done)
    assert (report.n, report.scores["exact_match"].n) == (1, 1)


def test_lines_are_json_with_a_plain_line_end(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with RunFile(path, HERE) as run:
        run.append("a", {"text": "ü\u2028\n"})
    raw = path.read_bytes()
    assert raw.count(b"\n") == 2
    assert b"\r" not in raw
    assert json.loads(raw.split(b"\n")[1])["data"]["text"] == "ü\u2028\n"
