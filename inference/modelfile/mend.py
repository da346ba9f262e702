"""A linted Modelfile as it should be: what was there and why it is otherwise stands above each line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inference.modelfile.findings import LintFinding, findings_by_line
from inference.modelfile.read import ModelfileLine


def mend(lines: Sequence[ModelfileLine], findings: Sequence[LintFinding]) -> str:
    """The mended text. The person's comments and all that was right stay; whatever changed stands under a comment with
    what was there and why, what was added under its reason."""
    by_line = findings_by_line(findings)
    pieces = [piece for line in lines for piece in _mended(line, by_line.get(line.number, ()))]
    return "\n".join(pieces) + "\n"


def _mended(line: ModelfileLine, findings: Sequence[LintFinding]) -> Iterator[str]:
    changes = [finding for finding in findings if finding.verdict in ("changed", "removed")]
    if changes:
        gone = changes[-1].mended is None
        yield _comment(f"{'removed' if gone else 'was'}: {_one_line(line.text)}")
        yield from (_comment(finding.reason) for finding in changes)
    if not findings:
        yield line.text
    elif findings[-1].mended is not None:
        yield findings[-1].mended
    for finding in findings:
        if finding.verdict == "added":
            yield from ("", _comment(f"added: {finding.reason}"), *finding.added)


def _comment(text: str) -> str:
    return f"# {' '.join(text.split())}"


def _one_line(text: str) -> str:
    first, *more = text.strip().split("\n")
    return f"{first} … ({len(more) + 1} lines)" if more else first
