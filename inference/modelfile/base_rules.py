"""Rules of the linter: the model behind FROM, and what replaces parts of it (template, renderer, parser)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inference.modelfile.findings import Draft, LintFinding, Severity
from inference.modelfile.read import ModelfileLine
from inference.modelfile.tags import TagFault, is_cloud, is_path, repository, tag_fault, unknown_size

_TOOL_TAG = re.compile(r"\{\{-?\s*if\s+\.ToolCalls\s*-?\}\}(.*?)(?:\{|$)", re.DOTALL)
PLACEHOLDER = "{{ .Prompt }}"
_MTP = ("qwen3.5", "qwen3.6", "qwen3-next")
"""Families whose weights hold layers of multi-token prediction, where a server does not tell."""


def missing_from(draft: Draft) -> Iterator[LintFinding]:
    if draft.last("from") is None:
        yield draft.find(
            None, "refused", evidence="no FROM line", reason="a Modelfile names the model that it is made from"
        )


def several_from(draft: Draft) -> Iterator[LintFinding]:
    """Of several names the last counts; files add up (weights and their projector)."""
    names = [line for line in draft.all("from") if not is_path(line.argument)]
    for line in names[:-1]:
        yield draft.find(
            line,
            "no effect",
            evidence=f"FROM {names[-1].argument} follows in line {names[-1].number}",
            reason="of several models the last is taken",
            mended=None,
        )


def from_with_a_comment(draft: Draft) -> Iterator[LintFinding]:
    line = draft.last("from")
    if line is None or (found := re.search(r"\s+#\s*(.*)$", line.argument)) is None:
        return
    name = line.argument[: found.start()]
    yield draft.find(
        line,
        "refused",
        evidence=f"the name is {line.argument!r}",
        reason="a comment stands on a line of its own, behind a value it is part of it",
        mended=f"# {found[1]}\nFROM {name}",
    )


def a_tag_that_is_none(draft: Draft) -> Iterator[LintFinding]:
    line = draft.last("from")
    if line is None or is_path(line.argument) or is_path(draft.base.name):
        return
    if draft.base.installed and draft.base.name == line.argument:
        return
    fault, doubt = tag_fault(line.argument), unknown_size(line.argument)
    if fault is not None:
        mended = line.text if fault.instead is None else _renamed(line, fault.instead)
        yield _about_name(draft, line, "refused", fault, mended)
    elif doubt is not None:
        yield _about_name(draft, line, "advice", doubt, line.text)
    elif is_cloud(line.argument):
        yield draft.find(
            line,
            "harmful",
            evidence="a tag that ends in cloud runs on somebody else's computer",
            reason="your documents would leave this machine; nothing of it can be tuned",
        )


def _renamed(line: ModelfileLine, name: str) -> str:
    """The line with another name, and the comment above it that an earlier finding put there."""
    *above, _ = line.text.split("\n")
    return "\n".join([*above, f"FROM {name}"])


def _about_name(draft: Draft, line: ModelfileLine, severity: Severity, fault: TagFault, mended: str) -> LintFinding:
    return draft.find(line, severity, evidence=fault.evidence, reason=fault.reason, mended=mended)


def template(draft: Draft) -> Iterator[LintFinding]:
    """A TEMPLATE replaces the model's own: with it go its tools, its thinking, or whole answers."""
    line = draft.last("template")
    if line is None:
        return
    fault = _template_fault(draft, line.argument)
    if fault is not None:
        severity, evidence, reason = fault
        yield draft.find(line, severity, evidence=evidence, reason=reason, mended=None)
    else:
        yield draft.find(
            line,
            "advice",
            evidence="it replaces the template that came with the model",
            reason="it decides how tools are called and read; without it the model's own is used",
        )


def _template_fault(draft: Draft, text: str) -> tuple[Severity, str, str] | None:
    """Severity, evidence and reason; None for a template that may stay."""
    base, tag = draft.base, _TOOL_TAG.search(text)
    if base.renderer and draft.last("renderer") is None:
        return (
            "no effect",
            f"{base.name} is rendered by {base.renderer}, not by a template",
            "the renderer comes along with the base and goes first",
        )
    if text.strip() == PLACEHOLDER:
        return (
            "no effect",
            "`ollama show --modelfile` prints it for a model without a TEMPLATE of its own",
            "written down it is a template that formats nothing; without it the weights' own is used",
        )
    if text.count("{{") != text.count("}}"):
        return (
            "refused",
            "template error: {{ and }} do not match",
            "the model's own template is kept where there is no such line",
        )
    if tag is not None and "```" in tag[1]:
        return (
            "harmful",
            f"calls of tools begin with {tag[1].strip()!r} in it",
            "an answer that begins so is swallowed as a call: tokens were written, and the content is empty",
        )
    if "tools" in (base.capabilities or ()) and ".Tools" not in text:
        return (
            "harmful",
            f"{base.name} calls tools, and .Tools does not stand in this template",
            "it replaces the model's own, and with that its tools (newer servers pass it over where the weights' own"
            " template can do more)",
        )
    return None


def multi_token_prediction(draft: Draft) -> Iterator[LintFinding]:
    """The knob that guides miss: embedded layers draft nothing until draft_num_predict is set."""
    line = draft.last("from")
    if line is None or draft.value("draft_num_predict") is not None:
        return
    layers = draft.base.draft_layers
    if layers or (layers is None and not draft.base.installed and repository(line.argument) in _MTP):
        known = f"it has {layers} layer{'s' if layers != 1 else ''}" if layers else "its family may have layers"
        yield draft.find(
            line,
            "advice",
            evidence=f"{known} of multi-token prediction, unused until draft_num_predict is set",
            reason="PARAMETER draft_num_predict 4 may write faster: measure it with `speedking bench`, it is not added "
            "unmeasured",
        )


def batch_of_the_base(draft: Draft) -> Iterator[LintFinding]:
    if draft.parameter("num_batch") is None and (pinned := draft.base.parameter("num_batch")) is not None:
        yield draft.find(
            draft.last("from"),
            "inherited",
            evidence=f"{draft.base.name} brings num_batch {pinned} along",
            reason="no line can give the automatic batch back: make the model from the base's own base",
        )


RULES = (missing_from, several_from, from_with_a_comment, a_tag_that_is_none, template)
LAST_RULES = (batch_of_the_base, multi_token_prediction)
