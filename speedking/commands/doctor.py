"""speedking doctor: is the configuration the bottleneck? Each finding with its evidence and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from speedking.console import Terminal, clean, counted
from speedking.engine import choose, engine_line, ollama_url
from speedking.settings import Settings

if TYPE_CHECKING:
    from inference.doctor import Finding

FAULTY = 5
MEASURING = {
    "prefix_cache": "five cycles of a loop, for the prompt cache",
    "thinking": "a question, with thinking off and on",
    "tool_calls": "a question that wants a tool",
    "paces": "twenty seconds of writing, for its pace and the cores",
}
MARKS = {"fault": "✗", "advice": "!", "fine": "✓", "not known": "?"}
STYLES = {"fault": "red", "advice": "yellow", "fine": "green", "not known": "dim"}


def run(*, settings: Settings, modelfile: Path | None, quick: bool, terminal: Terminal) -> int:
    """Exit code 5 where a fault was found. `modelfile` is somebody's file to look through, with no server needed."""
    findings = []
    source = _of_file(modelfile) if modelfile is not None else _of_model(settings, quick, terminal)
    for finding in source:
        findings.append(finding)
        show(finding, terminal)
    faults = [finding for finding in findings if finding.severity == "fault"]
    if terminal.json_mode:
        from eval import to_json

        terminal.json({"findings": to_json(findings), "faults": len(faults)})
    else:
        terminal.show()
        terminal.show(_summary(findings, quick=quick and modelfile is None))
    return FAULTY if faults else 0


def _of_file(path: Path) -> Iterator[Finding]:
    from inference.doctor.modelfile import of_file
    from inference.hardware.machine import probe_hardware

    yield from of_file(path, probe_hardware())


def _of_model(settings: Settings, quick: bool, terminal: Terminal) -> Iterator[Finding]:
    """The model that the commands would use; where no server answers, why."""
    from inference.address import ollama_address
    from inference.doctor import ASKED, MEASURED, READ, absence, examination
    from inference.ollama.runner import find_runners

    address = ollama_address(ollama_url(settings))
    absent = absence(address) if settings.engine.value in ("auto", "ollama") else None
    if absent is not None and settings.engine.value == "ollama":
        yield absent
        return
    before = find_runners(address)
    with terminal.waiting("looking"):
        choice = choose(settings)
    terminal.note(engine_line(choice))
    if choice.connection is None:
        # Of another engine that was found, that there is no Ollama is no fault.
        if absent is None:
            terminal.show("the embedded reader has no language model: there is nothing to examine")
        else:
            yield absent
        return
    with examination(choice.connection, before, api_key=settings.api_key.value) as findings:
        yield from findings([*READ, *ASKED])
        if not quick:
            terminal.note("measuring: seconds on a card, minutes on a CPU (--quick leaves it out)")
            for check in MEASURED:
                name = MEASURING.get(check.__name__, check.__name__)
                terminal.note(f"  {name} …")
                with terminal.waiting(name):
                    found = list(findings([check]))
                yield from found


def show(finding: Finding, terminal: Terminal) -> None:
    """A mark and what is the case; below it the evidence, and what to do. Of what is fine the first line is enough."""
    from rich.text import Text

    line = Text(f"{MARKS[finding.severity]} {finding.check}: ", style=terminal.style(STYLES[finding.severity]))
    line.append(clean(finding.said), style="not dim" if terminal.out.is_terminal else "")
    terminal.show(line)
    if finding.severity != "fine":
        terminal.show(Text(f"    {clean(finding.evidence)}", style=terminal.style("dim")))
    if finding.mend:
        terminal.show(Text(f"    do: {clean(finding.mend)}"))


def _summary(findings: list[Finding], *, quick: bool) -> str:
    count = {severity: sum(f.severity == severity for f in findings) for severity in MARKS}
    left_out = "; cycles, thinking and throttling were left out (--quick)" if quick else ""
    return (
        f"{counted(count['fault'], 'fault')}, {count['advice']} to consider, {count['fine']} fine,"
        f" {count['not known']} not known{left_out}"
    )
