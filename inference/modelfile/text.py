"""What a Modelfile gives a model, typed: its numbers as options, and everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from inference.modelfile.findings import LintFinding
from inference.modelfile.parameters import NUMBER, PARAMETERS, SWITCH, TEXT, TunedOption, Value
from inference.modelfile.read import ModelfileLine

AS_WRITTEN = "as it stands in the Modelfile"


@dataclass(frozen=True, slots=True)
class ModelText:
    """What a Modelfile gives a model besides numbers. None or (): it says nothing of it."""

    system: str | None = None
    template: str | None = None
    renderer: str | None = None
    parser: str | None = None
    requires: str | None = None
    licenses: tuple[str, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    """(role, what was said)."""
    stops: tuple[str, ...] = ()

    @property
    def request(self) -> Mapping[str, Any]:
        """The fields of /api/create for it; {} where there is nothing."""
        texts = {name: getattr(self, name) for name in ("system", "template", "renderer", "parser", "requires")}
        made: dict[str, Any] = {name: text for name, text in texts.items() if text is not None}
        if self.licenses:
            made["license"] = list(self.licenses)
        if self.messages:
            made["messages"] = [{"role": role, "content": said} for role, said in self.messages]
        if self.stops:
            made["parameters"] = {"stop": list(self.stops)}
        return MappingProxyType(made)


def options_of(lines: Sequence[ModelfileLine], findings: Sequence[LintFinding] = ()) -> tuple[TunedOption, ...]:
    """The parameters of a mended Modelfile but for `stop`, each with the reason it has its value for. The lines are
    those of the mended text, the findings those that mended it. Raises UsageError for what was not mended."""
    reasons = {text: f.reason for f in findings for text in (*f.added, *((f.mended or "").split("\n")[-1:]))}
    options = {
        line.name: TunedOption(line.name, _value(line), reasons.get(line.text.strip(), AS_WRITTEN))
        for line in lines
        if line.spoken and line.instruction == "parameter" and line.name != "stop"
    }
    return tuple(options.values())


def text_of(lines: Sequence[ModelfileLine]) -> ModelText:
    """Everything of a Modelfile that is no number and no file."""
    spoken = [line for line in lines if line.spoken]
    last = {line.instruction: line.argument for line in spoken}
    return ModelText(
        system=last.get("system"),
        template=last.get("template"),
        renderer=last.get("renderer"),
        parser=last.get("parser"),
        requires=last.get("requires", "").removeprefix("v") or None,
        licenses=tuple(line.argument for line in spoken if line.instruction == "license"),
        messages=tuple((line.name, line.argument) for line in spoken if line.instruction == "message"),
        stops=tuple(line.argument for line in spoken if (line.instruction, line.name) == ("parameter", "stop")),
    )


def files_of(lines: Sequence[ModelfileLine]) -> tuple[ModelfileLine, ...]:
    """Lines that name files besides the base's weights; only `ollama create` sends those."""
    return tuple(line for line in lines if line.spoken and line.instruction in ("adapter", "draft"))


def _value(line: ModelfileLine) -> Value:
    kind = PARAMETERS.get(line.name, TEXT)
    if kind == SWITCH:
        return line.argument.lower() in ("1", "t", "true")
    if kind == TEXT:
        return line.argument
    return float(line.argument) if kind == NUMBER else int(line.argument)
