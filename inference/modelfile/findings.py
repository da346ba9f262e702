"""What the linter of Modelfiles works on and gives back: a file as mended so far, and findings line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from inference.modelfile.read import ModelfileLine, read_lines
from inference.ollama.types import Shown

Severity = Literal["refused", "harmful", "no effect", "inherited", "advice"]
"""refused: `ollama create` fails on it, or every request does. harmful: it works against what a Modelfile is for.
no effect: it can be left out. inherited: the base brings a value along that is written nowhere. advice: worth
knowing, and left as it is."""
Verdict = Literal["changed", "removed", "added", "kept"]


@dataclass(frozen=True, slots=True)
class BaseFacts:
    """The model behind FROM. None: not known, because no server told."""

    name: str
    installed: bool | None = None
    trained_context: int | None = None
    size_bytes: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    """What it brings along, by name as /api/show has it; a name may stand several times (stop)."""
    capabilities: tuple[str, ...] | None = None
    renderer: str | None = None
    draft_layers: int | None = None
    """Layers of embedded multi-token prediction."""

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """The machine that the server runs on. None: not known."""

    physical_cores: int | None = None
    card_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One thing about one line (`line`, 1-based; `text` as written; of several lines the first is the number).

    `verdict` is what becomes of the line by this finding; where it is "added", `added` are lines that are written
    behind it. `mended` is what stands there after it and all findings before it, None where the line goes. `evidence`
    is what shows it, `reason` why it matters.
    """

    line: int
    text: str
    severity: Severity
    verdict: Verdict
    evidence: str
    reason: str
    mended: str | None = None
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A Modelfile as it stands after the findings so far. `original` are its lines as written, by number."""

    original: Mapping[int, ModelfileLine]
    lines: tuple[ModelfileLine, ...]
    added: tuple[ModelfileLine, ...] = ()
    base: BaseFacts = field(default_factory=lambda: BaseFacts(""))
    machine: MachineFacts = field(default_factory=MachineFacts)

    @property
    def spoken(self) -> tuple[ModelfileLine, ...]:
        """What Ollama would read of the person's own lines."""
        return tuple(line for line in self.lines if line.spoken)

    def all(self, instruction: str, name: str = "") -> tuple[ModelfileLine, ...]:
        return tuple(line for line in self.spoken if line.instruction == instruction and line.name == name)

    def last(self, instruction: str, name: str = "") -> ModelfileLine | None:
        """The one that counts: Ollama takes the last."""
        return next(reversed(self.all(instruction, name)), None)

    def parameter(self, name: str) -> ModelfileLine | None:
        return self.last("parameter", name)

    def value(self, name: str) -> float | None:
        """The number in force: the file's own, else one that was added, else the base's."""
        ours = (line for line in self.added if line.name == name)
        line = self.parameter(name) or next(ours, None)
        return number(line.argument if line else self.base.parameter(name) or "")

    def context(self) -> int | None:
        """num_ctx in tokens, up to what the model was trained on."""
        asked, trained = self.value("num_ctx"), self.base.trained_context
        if asked is None:
            return None
        return min(int(asked), trained or int(asked))

    def find(
        self,
        line: ModelfileLine | None,
        severity: Severity,
        *,
        evidence: str,
        reason: str,
        mended: str | None = "",
        added: Iterable[str] = (),
    ) -> LintFinding:
        """A finding about a line, None for the first that is left; `mended` left out leaves it as it stands."""
        line = line or next(iter(self.lines), None)
        written = self.original[line.number] if line else next(iter(self.original.values()))
        stands = line.text if line else None
        mended, lines = stands if mended == "" else mended, tuple(added)
        left: Verdict = "added" if lines else "kept"
        verdict: Verdict = left if mended == stands else "removed" if mended is None else "changed"
        return LintFinding(written.number, written.text, severity, verdict, evidence, reason, mended, lines)

    def after(self, findings: Iterable[LintFinding]) -> Draft:
        """The file with these findings mended."""
        by_line = dict(findings_by_line(findings))
        lines = (_mended(line, by_line.get(line.number, ())) for line in self.lines)
        added = (
            replace(read_lines(text)[-1], number=finding.line)
            for finding in chain.from_iterable(by_line.values())
            for text in finding.added
        )
        return replace(self, lines=tuple(line for line in lines if line is not None), added=(*self.added, *added))


Rule = Callable[[Draft], Iterator[LintFinding]]


def findings_by_line(findings: Iterable[LintFinding]) -> Mapping[int, Sequence[LintFinding]]:
    """By the number of the line, each line's in their order."""
    grouped: dict[int, list[LintFinding]] = {}
    for finding in findings:
        grouped.setdefault(finding.line, []).append(finding)
    return grouped


def _mended(line: ModelfileLine, findings: Sequence[LintFinding]) -> ModelfileLine | None:
    """A line after its findings: the instruction in what was written for it, under the line's old number."""
    if not findings:
        return line
    if (text := findings[-1].mended) is None:
        return None
    read = read_lines(text) or (line,)
    return replace(next((piece for piece in read if piece.spoken), read[0]), number=line.number, text=text)


def whole(text: str) -> int | None:
    """A whole number as Ollama reads it (Go's ParseInt); None for anything else."""
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII) else None


def number(text: str) -> float | None:
    """A number as Ollama reads it (Go's ParseFloat), without infinities, which JSON cannot carry."""
    return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) else None


def base_facts(name: str, shown: Shown, size_bytes: int | None = None) -> BaseFacts:
    """What a server knows of an installed model; `size_bytes` is its file's, of /api/tags."""
    lines = read_lines(shown.modelfile) if shown.modelfile else ()
    renderer = next((line.argument for line in lines if line.instruction == "renderer"), None)
    pairs = (line.partition(" ") for line in shown.parameters.splitlines())
    return BaseFacts(
        name,
        installed=True,
        trained_context=shown.number("context_length"),
        size_bytes=size_bytes,
        parameters=tuple((key, value.strip().strip('"')) for key, _, value in pairs if key),
        capabilities=shown.capabilities,
        renderer=renderer,
        draft_layers=shown.number("nextn_predict_layers"),
    )
