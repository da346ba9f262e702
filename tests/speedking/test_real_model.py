"""A real language model in the process: SPEEDKING_TEST_GGUF names its file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag import Citation, Index
from tests.speedking.door import Door, Library, records

GGUF = os.environ.get("SPEEDKING_TEST_GGUF", "")

pytestmark = pytest.mark.skipif(not Path(GGUF).is_file(), reason="SPEEDKING_TEST_GGUF names no GGUF file")

MODEL = ("--engine", "gguf", "--model", GGUF)
QUESTION = "When does the ferry to Ost leave?"


def test_it_answers_and_whatever_it_cites_is_there(door: Door, library: Library) -> None:
    asked = door("ask", *library.indexed, QUESTION, *MODEL, "--json")
    assert asked.code in (0, 3, 4)
    document = asked.document
    assert (document["engine"], document["model"]) == ("gguf", Path(GGUF).name)
    assert document["answerable"] is (asked.code != 3)
    assert bool(document["citations"]) is (asked.code == 0)
    with Index.open(library.folder, index=library.index) as index:
        assert all(index.quote_found(Citation(**citation)) for citation in document["citations"])


def test_its_agent_run_ends_with_a_stop_reason(door: Door, library: Library) -> None:
    ran = door("agent", *library.indexed, QUESTION, *MODEL, "--cycles", "3", "--json")
    document = ran.document
    reasons = {"answered", "not_in_documents", "cycle_limit", "repeated_call", "format_errors", "overflow"}
    assert document["stop_reason"] in reasons
    assert ran.code in (0, 1, 3, 4)
    assert document["steps"]
    for step in document["steps"]:
        assert step["prompt_tokens"] > 0
        assert step["model_s"] + step["tool_s"] + step["framework_s"] == pytest.approx(step["wall_s"])


def test_the_parts_of_its_cycles_add_up_to_the_wall_time(door: Door, tmp_path: Path) -> None:
    out = tmp_path / "run.jsonl"
    measured = door("bench", *MODEL, "--cycles", "2", "--prefill", "500", "--repeats", "1", "--out", out, "--json")
    assert measured.code == 0
    rows = {row["kind"]: row for row in records(out, "row")}
    assert rows["prefill"]["status"] in ("measured", "bounded")
    assert rows["prefill"]["prompt_tokens"] == pytest.approx(500, rel=0.05)
    (run,) = rows["cycles"]["samples"]
    assert len(run["cycles"]) == 2
    for cycle in run["cycles"]:
        assert cycle["model_s"] + cycle["tool_s"] + cycle["framework_s"] == pytest.approx(cycle["wall_s"])
        assert 0 < cycle["decode_tokens"] <= 120
        assert abs(cycle["unexplained_s"]) < 0.05 * cycle["wall_s"]
        assert cycle["ttft_s"] < cycle["model_s"]
