from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.inference.stand_in import OllamaStandIn, Turn
from tests.model_folders import save_cross_encoder, save_encoder
from tests.rag.small import fill
from tests.speedking.door import Door, Library, records

QUESTIONS: list[dict[str, Any]] = [
    {"id": "1", "question": "At how many degrees is green tea brewed?", "answer": "80", "kind": "direct"},
    {"id": "2", "question": "Where is tea kept away from light?", "answer": "in a tin", "kind": "direct"},
    {"id": "3", "question": "Who painted the ceiling of the chapel?", "answerable": False, "kind": "not there"},
    {"id": "4", "question": "Which train leaves for Vienna tonight?", "answerable": False, "kind": "not there"},
]
EVIDENCE = {"evidence": [{"doc": "tea.md"}]}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Library:
    lines = [json.dumps(question | (EVIDENCE if "answer" in question else {})) for question in QUESTIONS]
    tea = "# Tea\n\nGreen tea is brewed at 80 degrees.\n\n# Storage\n\nTea is kept in a tin, away from light.\n"
    files = {"docs/tea.md": tea, "docs/boat.md": "# Boat\n\nThe boat is called Gudrun.\n"}
    folder = fill(tmp_path_factory.mktemp("corpus"), {**files, "questions.jsonl": "\n".join(lines)})
    return Library(folder, tmp_path_factory.mktemp("index"))


def test_each_score_has_a_mean_an_interval_and_n(door: Door, corpus: Library, tmp_path: Path) -> None:
    scored = door("eval", *corpus.indexed, "--json", "--out", tmp_path / "run.jsonl")
    assert scored.code == 0
    document = scored.document
    scores = document["scores"]
    assert {"recall_at_5", "ndcg_at_10", "exact_match", "token_f1", "citation_support"} <= scores.keys()
    assert {"false_answer_rate", "false_refusal_rate"} <= scores.keys()
    assert all(score.keys() >= {"mean", "low", "high", "n"} for score in scores.values())
    assert (scores["recall_at_5"]["mean"], scores["recall_at_5"]["n"]) == (1.0, 2)
    assert scores["quote_verbatim"]["mean"] == 1.0
    assert (document["n"], document["failed"], document["engine"]) == (4, 0, "reader")


def test_every_question_stands_in_the_run_file_under_the_machine_s_fingerprint(
    door: Door, corpus: Library, tmp_path: Path
) -> None:
    out = tmp_path / "run.jsonl"
    assert door("eval", *corpus.indexed, "--json", "--out", out).document["run_file"] == str(out)
    (head,) = records(out, "run")
    assert head["fingerprint"]["model"]["engine"] == "reader"
    assert head["fingerprint"]["options"]["encoder"].startswith("all-MiniLM-L6-v2 ")
    assert head["fingerprint"]["options"]["reranker"] is None
    assert [record["id"] for record in records(out, "question")] == ["1", "2", "3", "4"]


def test_a_run_file_that_is_there_is_gone_on_with(door: Door, corpus: Library, tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    whole = door("eval", *corpus.indexed, "--json", "--out", out).document
    head, first, *_ = out.read_text("utf-8").splitlines(keepends=True)
    out.write_text(head + first)
    assert door("eval", *corpus.indexed, "--json", "--out", out).document["scores"] == whole["scores"]
    assert [record["id"] for record in records(out, "question")] == ["1", "2", "3", "4"]
    assert out.read_text("utf-8").startswith(head + first)


def test_a_run_file_of_other_options_is_left_alone(door: Door, corpus: Library, tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    assert door("eval", *corpus.indexed, "--limit", "1", "--out", out).code == 0
    before = out.read_text("utf-8")
    again = door("eval", *corpus.indexed, "--json", "--out", out)
    assert (again.code, again.error["kind"]) == (1, "measurement")
    assert out.read_text("utf-8") == before


def test_a_run_file_of_another_encoder_or_reranker_is_left_alone(
    door: Door, corpus: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run.jsonl"
    ask = ("eval", corpus.folder, "--index", tmp_path / "index", "--retrieval-only", "--json", "--out", out)
    assert door(*ask).code == 0
    assert door(*ask, "--encoder", save_encoder(tmp_path / "mine")).error["kind"] == "measurement"
    monkeypatch.setenv("SPEEDKING_RERANKER", str(save_cross_encoder(tmp_path / "cross")))
    assert door(*ask).error["kind"] == "measurement"


def test_questions_that_fail_are_counted_and_in_no_mean(door: Door, corpus: Library, ollama: OllamaStandIn) -> None:
    ollama.turns = [Turn(status=500, error="out of memory")]
    scored = door("eval", *corpus.indexed)
    assert scored.code == 0  # of the unanswerable ones the model was not asked
    assert "2 of 4 questions failed (what failed is in no mean), first: Ollama at " in scored.out
    assert "exact_match" not in scored.out


def test_a_limit_is_spread_over_the_question_set(door: Door, corpus: Library, tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    assert door("eval", *corpus.indexed, "--limit", "2", "--json", "--out", out).document["n"] == 2
    assert [record["id"] for record in records(out, "question")] == ["1", "3"]


def test_a_slice_has_scores_of_its_own(door: Door, corpus: Library) -> None:
    document = door("eval", *corpus.indexed, "--slice", "kind", "--json").document
    assert {value: part["n"] for value, part in document["slices"].items()} == {"direct": 2, "not there": 2}
    assert document["slices"]["not there"]["scores"].keys() == {"false_answer_rate"}
    assert "kind = not there: 2 questions" in door("eval", *corpus.indexed, "--slice", "kind").out


def test_retrieval_alone_scores_no_answer(door: Door, corpus: Library) -> None:
    document = door("eval", *corpus.indexed, "--retrieval-only", "--json").document
    assert "recall_at_5" in document["scores"]
    assert not {"exact_match", "false_answer_rate"} & document["scores"].keys()


def test_a_person_sees_a_table_and_where_every_question_is(door: Door, corpus: Library, tmp_path: Path) -> None:
    shown = door("eval", *corpus.indexed).out
    row = next(line.split() for line in shown.splitlines() if line.split()[:1] == ["recall_at_5"])
    assert (row[1], row[-1]) == ("1.000", "2")
    assert f"every question: {tmp_path / 'data'}" in shown


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ('{"id": "1", "question": "Why?"}\nno json\n', "line 2"),
        ('{"id": "1"}\n', "question"),
        ("", "holds no question"),
        (None, "not there"),
    ],
)
def test_a_question_set_that_cannot_be_read_names_the_line(
    door: Door, tmp_path: Path, questions: str | None, said: str
) -> None:
    files = {"docs/tea.md": "# Tea\n"} | ({} if questions is None else {"questions.jsonl": questions})
    scored = door("eval", fill(tmp_path / "corpus", files), "--json")
    assert (scored.code, scored.error["kind"]) == (1, "questions")
    assert "questions.jsonl" in scored.error["message"]
    assert said in scored.error["message"]


def test_the_documents_in_place_of_the_corpus_are_noticed(door: Door, corpus: Library) -> None:
    assert f"speedking eval {corpus.folder}" in door("eval", corpus.folder / "docs", "--json").error["next_step"]


def test_a_corpus_without_documents(door: Door, tmp_path: Path) -> None:
    fill(tmp_path / "corpus", {"questions.jsonl": '{"id": "1", "question": "Why?"}\n'})
    scored = door("eval", tmp_path / "corpus", "--json")
    assert (scored.code, scored.error["kind"]) == (1, "folder")
