"""speedking tune --from Modelfile: somebody's Modelfile line by line, mended, and made into the tuned model."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.errors import ModelMissingError, SpeedkingError, UsageError
from speedking.commands.mended_base import base_of, located, machine, pulled
from speedking.console import Terminal, clean, counted
from speedking.engine import ollama_url
from speedking.settings import Settings

if TYPE_CHECKING:
    from inference import TuningPlan
    from inference.modelfile.findings import LintFinding
    from inference.modelfile.read import ModelfileLine

NOT_DONE, NOT_IN_FORCE = 1, 5
SHOWN = 72
"""Characters of a line that are shown beside its verdict."""


def run(path: Path, *, settings: Settings, dry_run: bool, terminal: Terminal, pull: bool = False) -> int:
    """Shows every line with its verdict, then the mended file; creates the model unless `dry_run`. Nothing is pulled
    unless the person says so."""
    from inference.address import ollama_address
    from inference.modelfile.lint import lint, mended_base
    from inference.modelfile.mend import mend
    from inference.modelfile.read import read_lines, read_modelfile
    from inference.tuning.plan import with_fit
    from speedking.commands.tune import must_fit

    address = ollama_url(settings)
    lines = read_modelfile(path.expanduser())
    base = located(mended_base(lines), path.expanduser())
    server = ollama_address(address)
    facts, refusal = base_of(base, server, settings.timeout_s)
    if isinstance(refusal, ModelMissingError) and not dry_run and base is not None:
        facts, refusal = pulled(base, refusal, server, facts, settings.timeout_s, terminal, asked_for=pull)
    findings = lint(lines, facts, machine(server))
    text = mend(lines, findings)
    document = {"file": str(path), "findings": [_finding_json(finding) for finding in findings], "modelfile": text}
    _show(path, lines, findings, text, terminal)
    if dry_run:
        return _dry(path, document, refusal, terminal)
    mended = read_lines(text)
    try:
        if refusal is not None:
            raise refusal
        plan = with_fit(_plan(base, mended, findings), address)
        must_fit(plan)
    except SpeedkingError as error:
        return _not_done(error, document, terminal)
    return _create(plan, document, address, settings.timeout_s, terminal)


def _plan(base: str | None, mended: Sequence[ModelfileLine], findings: Sequence[LintFinding]) -> TuningPlan:
    """What `apply_tuning` creates. Raises UsageError for what it cannot make."""
    from inference import TuningPlan
    from inference.modelfile.text import files_of, options_of, text_of
    from inference.ollama.choice import TUNED
    from inference.tuning.plan import tag_for

    if base is None:
        raise UsageError("the Modelfile names no model", next_step="write FROM and a model: FROM qwen3.5:2b")
    left = [line for line in mended if line.problem is not None]
    if left:
        raise UsageError(f"line {left[0].number} of the mended file cannot be read", next_step="mend it by hand")
    if files := files_of(mended):
        what = ", ".join(sorted({line.instruction.upper() for line in files}))
        raise UsageError(
            f"{what} names a file that only Ollama's own command line sends",
            next_step="save the mended text and run `ollama create NAME -f FILE`",
        )
    if base.startswith(TUNED):
        raise UsageError(f"{base!r} is a tuned model already", next_step="name the model behind FROM it was made from")
    gguf = Path(base) if Path(base).is_absolute() else None
    return TuningPlan(
        base=base,
        tag=tag_for(gguf.stem if gguf else base),
        options=options_of(mended, findings),
        gguf=gguf,
        left_alone={},
        text=text_of(mended),
    )


def _create(
    plan: TuningPlan,
    document: dict[str, Any],
    base_url: str | None,
    timeout_s: float,
    terminal: Terminal,
) -> int:
    from inference import apply_tuning
    from speedking.tune_shown import result_json, show_result

    def on_status(status: str) -> None:
        terminal.note(f"  {clean(status)}")

    result = apply_tuning(plan, base_url=base_url, on_status=on_status, timeout_s=timeout_s)
    if terminal.json_mode:
        terminal.json({**document, "tag": plan.tag, "base": plan.base, "created": True, **result_json(result)})
    else:
        if plan.text.request:
            names = ("stop" if name == "parameters" else name for name in plan.text.request)
            terminal.show(f"with its own {', '.join(names)}")
        show_result(result, terminal)
    return 0 if result.all_in_force else NOT_IN_FORCE


def _dry(path: Path, document: dict[str, Any], refusal: SpeedkingError | None, terminal: Terminal) -> int:
    """`refusal` is what stands between the file and the model, none of a dry run's business but worth knowing."""
    following = f"speedking tune --from {shlex.quote(str(path))}"
    if refusal is not None:
        terminal.note(refusal.message)
        following = refusal.next_step
    terminal.note(f"nothing was created; next: {following}")
    if terminal.json_mode:
        terminal.json({**document, "created": False, "next_step": following})
    return 0


def _not_done(error: SpeedkingError, document: dict[str, Any], terminal: Terminal) -> int:
    """The mended file is the larger half of the work: it is shown though no model could be made."""
    if terminal.json_mode:
        said = {"kind": error.kind, "message": error.message, "next_step": error.next_step}
        terminal.json({**document, "created": False, "error": said})
    else:
        terminal.note("nothing was created")
        terminal.fail(error.message, error.next_step)
    return 2 if isinstance(error, UsageError) else NOT_DONE


def _show(
    path: Path, lines: Sequence[ModelfileLine], findings: Sequence[LintFinding], text: str, terminal: Terminal
) -> None:
    terminal.show(f"{path}: {counted(len(findings), 'finding')}\n")
    for line in lines:
        if line.instruction in ("comment", "blank"):
            continue
        terminal.show(f"line {line.number}  {_cut(line.text)}")
        here = [finding for finding in findings if finding.line == line.number]
        if not here:
            terminal.show("    kept")
        for finding in here:
            terminal.show(f"    {finding.verdict} ({finding.severity}): {finding.reason}")
            terminal.show(f"      seen: {finding.evidence}")
            for added in finding.added:
                terminal.show(f"      + {added}")
            if finding.verdict == "changed" and finding.mended is not None:
                terminal.show(f"      > {_cut(finding.mended.splitlines()[-1])}")
    spoken = {line.number for line in lines if line.instruction not in ("comment", "blank")}
    for finding in findings:
        if finding.line not in spoken:  # of a file that says nothing at all
            terminal.show(f"    {finding.verdict} ({finding.severity}): {finding.reason}")
    terminal.show("\nmended:\n")
    for written in text.splitlines():
        terminal.show(f"    {written}")
    terminal.show()


def _cut(text: str) -> str:
    first, _, more = clean(text).strip().partition("\n")
    return first if len(first) <= SHOWN and not more else f"{first[:SHOWN]} …"


def _finding_json(finding: LintFinding) -> dict[str, Any]:
    return {
        "line": finding.line,
        "text": finding.text,
        "severity": finding.severity,
        "verdict": finding.verdict,
        "evidence": finding.evidence,
        "reason": finding.reason,
        "mended": finding.mended,
        "added": list(finding.added),
    }
