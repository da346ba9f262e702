"""Somebody's Modelfile looked through: what Ollama refuses, what harms, what says nothing, what it inherits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inference.modelfile import base_rules, load_rules, syntax_rules, writing_rules
from inference.modelfile.findings import (
    BaseFacts,
    Draft,
    LintFinding,
    MachineFacts,
    Rule,
    Severity,
    Verdict,
    base_facts,
)
from inference.modelfile.read import BLANK, ModelfileLine
from inference.modelfile.tags import inherited, is_path

__all__ = ["BaseFacts", "LintFinding", "MachineFacts", "Severity", "Verdict", "base_facts", "lint", "mended_base"]

NAMES: tuple[Rule, ...] = (*syntax_rules.RULES, *base_rules.RULES)
VALUES: tuple[Rule, ...] = (*load_rules.RULES, *writing_rules.RULES, *base_rules.LAST_RULES)


def lint(
    lines: Sequence[ModelfileLine], facts: BaseFacts | None = None, machine: MachineFacts | None = None
) -> tuple[LintFinding, ...]:
    """Every finding, by line. Each rule sees the file as the rules before it mended it, so of several findings on a
    line the last one's `mended` is what stands there in the end.

    `facts` are the mended base's (see `mended_base`); None: what is known of its family is used, and of the rest
    nothing is said. `machine` is the server's, None where it runs elsewhere.
    """
    draft = _draft(lines, facts, machine or MachineFacts())
    draft, found = _run(NAMES, draft)
    if facts is None:
        draft = replace(draft, base=_by_name(draft))
    _, more = _run(VALUES, draft)
    return tuple(sorted((*found, *more), key=lambda finding: finding.line))


def mended_base(lines: Sequence[ModelfileLine]) -> str | None:
    """What FROM names once the file is mended: a model or a path; None where nothing is named."""
    draft, _ = _run(NAMES, _draft(lines, None, MachineFacts()))
    line = draft.last("from")
    return line.argument if line else None


def _draft(lines: Sequence[ModelfileLine], facts: BaseFacts | None, machine: MachineFacts) -> Draft:
    original = {line.number: line for line in lines} or {1: ModelfileLine(1, "", BLANK)}
    return Draft(original, tuple(lines), base=facts or BaseFacts(""), machine=machine)


def _run(rules: Sequence[Rule], draft: Draft) -> tuple[Draft, list[LintFinding]]:
    found: list[LintFinding] = []
    for rule in rules:
        findings = list(rule(draft))
        found += findings
        draft = draft.after(findings)
    return draft, found


def _by_name(draft: Draft) -> BaseFacts:
    """Without a server: what the family of the base is known to bring along."""
    line = draft.last("from")
    name = line.argument if line else ""
    return BaseFacts(name, parameters=() if is_path(name) else inherited(name))
