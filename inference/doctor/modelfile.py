"""Checks of a Modelfile: the one of the model in use, or somebody's file."""

from __future__ import annotations

from pathlib import Path

from inference.doctor.finding import Finding, Severity, fine
from inference.doctor.patient import Patient
from inference.hardware.machine import Hardware
from inference.modelfile.base_rules import PLACEHOLDER
from inference.modelfile.lint import BaseFacts, LintFinding, MachineFacts, lint
from inference.modelfile.read import read_lines, read_modelfile

_SEVERITY: dict[str, Severity] = {
    "refused": "fault",
    "harmful": "fault",
    "no effect": "advice",
    "inherited": "advice",
    "advice": "advice",
}


def stored(patient: Patient) -> list[Finding]:
    """The model's own lines as the server has them. What it has from its base stands among them."""
    view = patient.ollama
    if view is None:
        return []
    shown = view.shown
    facts = BaseFacts(
        patient.model,
        installed=True,
        trained_context=shown.number("context_length"),
        size_bytes=patient.connection.facts.size_bytes,
        capabilities=shown.capabilities,
    )
    lines = [line for line in read_lines(shown.modelfile) if line.argument != PLACEHOLDER]
    found = lint(lines, facts, _machine(patient.hardware))
    findings = [_finding(f, f"{patient.model}, /api/show") for f in found if f.severity != "advice"]
    return findings or [fine("Modelfile", "no line works against the model", f"{patient.model}, /api/show")]


def of_file(path: Path, hardware: Hardware) -> list[Finding]:
    """Every finding of a file; no server is needed. Raises UsageError where it cannot be read."""
    lines = lint(read_modelfile(path), None, _machine(hardware))
    findings = [_finding(found, f"{path.name}, line {found.line}") for found in lines]
    return findings or [fine("Modelfile", "no line works against the model", path.name)]


def _finding(found: LintFinding, where: str) -> Finding:
    evidence = f"{where}: {found.evidence}"
    if found.verdict == "added":
        lines = "; ".join(found.added)
        return Finding("Modelfile", "advice", f"`{lines}` is missing: {found.reason}", evidence, f"add {lines}")
    mended = {"removed": "leave the line out", "changed": found.mended}.get(found.verdict)
    severity = _SEVERITY[found.severity]
    written = f"`{found.text.strip()}`: " if found.text.strip() else ""
    if severity == "fault" and mended is None:
        mended = "mend the line by hand"
    return Finding("Modelfile", severity, f"{written}{found.reason}", evidence, mended)


def _machine(hardware: Hardware) -> MachineFacts:
    return MachineFacts(hardware.cores, hardware.card_bytes or None)
