"""Real documents, hostile and plain, that are kept beside the project; skipped where they are not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rag.parse.pool import parse_files
from rag.sentences import fold, fold_hyphens


def data(name: str) -> Path:
    root = os.environ.get("SPEEDKING_TEST_DATA")
    if not root or not Path(root, name).is_dir():
        pytest.skip(f"SPEEDKING_TEST_DATA names no folder with {name}")
    return Path(root, name)


def test_every_hostile_pdf_has_an_outcome_with_its_reason() -> None:
    folder = data("torture_pdfs")
    manifest = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    results = dict(parse_files([folder / entry["file"] for entry in manifest], timeout_s=5))
    assert len(results) == len(manifest)
    for entry in manifest:
        parsed = results[folder / entry["file"]]
        assert (parsed.document is not None) == (parsed.outcome in ("indexed", "partial")), entry["file"]
        assert (parsed.reason is None) == (parsed.outcome == "indexed"), entry["file"]
        assert parsed.outcome != "encrypted" or entry["needs_password"], entry["file"]


def test_the_evidence_of_a_real_report_stands_on_its_page() -> None:
    folder = data("financebench")
    questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    evidence = [piece for question in questions for piece in question["evidence"]]
    name = "PEPSICO_2023_8K_dated-2023-05-05.pdf"
    ((_, parsed),) = parse_files([folder / "docs" / name])
    assert parsed.document is not None
    pieces = [piece for piece in evidence if piece["doc"] == name]
    assert pieces
    for piece in pieces:
        page = parsed.document.pages[piece["page"] - 1]
        assert page.number == piece["page"]
        shown = set(fold_hyphens(parsed.document.text[page.start : page.end]).split())
        wanted = set(fold(piece["text"]).split())
        assert len(wanted & shown) > 0.9 * len(wanted)
