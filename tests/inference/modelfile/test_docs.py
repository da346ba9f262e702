"""The tables of docs/modelfile.md and docs/purposes.md say what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.modelfile.lint import BaseFacts, MachineFacts, lint
from inference.modelfile.read import read_lines
from inference.purposes import ANEW, PURPOSES

DOCS = Path(__file__).parents[3] / "docs"
HEAD = "FROM own:1b\nPARAMETER num_ctx 16384\nPARAMETER num_predict 512\n"


def rows(name: str) -> list[list[str]]:
    lines = [line for line in (DOCS / name).read_text("utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines[1:]]


@pytest.mark.parametrize("row", rows("modelfile.md"), ids=lambda row: row[0])
def test_a_line_of_the_table_gets_its_verdict(row: list[str]) -> None:
    line, severity, instead, _why = row
    findings = [
        finding
        for finding in lint(
            read_lines(HEAD + line), BaseFacts("own:1b", installed=True), MachineFacts(physical_cores=4)
        )
        if finding.line == 4
    ]
    assert findings[0].severity == severity
    assert (findings[-1].mended or "-") == instead


def test_the_table_of_purposes_is_the_code_s() -> None:
    written = [
        [
            *(purpose.name, str(purpose.temperature), str(purpose.top_p), str(purpose.top_k), str(purpose.min_p)),
            *(str(purpose.presence_penalty), str(purpose.repeat_penalty), "yes" if purpose.think else "no"),
            *(f"{purpose.num_predict:,}", f"{purpose.context_tokens:,}"),
            "anew" if purpose.seed == ANEW else str(purpose.seed),
        ]
        for purpose in PURPOSES.values()
    ]
    assert [[cell.strip("| ") for cell in row] for row in rows("purposes.md")] == written
