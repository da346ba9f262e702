"""Rules of the linter: what `ollama create` refuses, drops or overwrites, before any value is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from inference.modelfile.findings import Draft, LintFinding, number, whole
from inference.modelfile.names import DROPPED, GONE, meant
from inference.modelfile.parameters import NUMBER, PARAMETERS, SWITCH, TEXT, WHOLE
from inference.modelfile.read import INSTRUCTIONS, NEVER_CLOSED, NOT_A_ROLE, ROLES, ModelfileLine

REFUSES = "`ollama create` refuses this line"
_COMMENT = re.compile(r"\s+(?:#|//).*$")
_SWITCHES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_TRUE_FALSE = frozenset({"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"})
_VERSION = re.compile(r"v?\d+(?:\.\d+){0,2}(?:[-+][0-9A-Za-z.+-]+)?")
_ROLES = {"human": "user", "bot": "assistant", "ai": "assistant"}
_OTHER_WORDS = frozenset({"param", "params", "set", "option", "options", "env", "export", "parameters"})
_UNITS = {"k": 1024, "m": 1024**2}


def unreadable(draft: Draft) -> Iterator[LintFinding]:
    """Lines that Ollama's parser stops at, each mended where it is clear what was meant."""
    for line in draft.lines:
        if line.problem is not None:
            mended, reason = _readable(line)
            yield draft.find(line, "refused", evidence=line.problem, reason=reason or REFUSES, mended=mended)


def _readable(line: ModelfileLine) -> tuple[str | None, str | None]:
    """The line as it was meant, and why it goes where it was clear and is no line of a Modelfile."""
    if line.problem == NEVER_CLOSED:
        return _closed(line.text), None
    if line.problem == NOT_A_ROLE:
        return _said(line), None
    word, _, rest = line.text.strip().partition(" ")
    if not line.instruction and (near := _near(word)) not in (None, "parameter") and rest:
        return f"{str(near).upper()} {rest.strip()}", None
    name, value = _spelled(line)
    foreign = meant(name)
    if foreign is not None and foreign.parameter is None:
        return None, foreign.reason
    known = name in PARAMETERS or name in DROPPED | GONE or foreign is not None
    return (f"PARAMETER {name} {value}" if known and value else None), None


def _said(line: ModelfileLine) -> str | None:
    words = line.text.strip().split(None, 2)
    role = line.name.lower().rstrip(":")
    role = _ROLES.get(role, role)
    return f"MESSAGE {role} {words[2]}" if role in ROLES and len(words) > 2 else None


def _spelled(line: ModelfileLine) -> tuple[str, str]:
    """Name and value of a parameter in another spelling: with = or :, with two spaces, behind another word or none."""
    text = line.text.strip()
    word = text.split(None, 1)[0].lower()
    if line.instruction == "parameter" or word in _OTHER_WORDS or (not line.instruction and _near(word) == "parameter"):
        text = text.split(None, 1)[-1]
    elif line.instruction:
        return "", ""
    name, *value = re.split(r"[ \t]*[=:][ \t]*|[ \t]+", text, maxsplit=1)
    return name.replace("-", "_"), " ".join(value)


def _near(word: str) -> str | None:
    """The instruction that a word nearly is."""
    return next(iter(get_close_matches(word.lower(), INSTRUCTIONS, n=1, cutoff=0.75)), None)


def _closed(text: str) -> str:
    """The quote closed where it was meant to be: what stands behind it goes, else it ends with the value."""
    quote = '"""' if '"""' in text else '"'
    opened = text.index(quote) + len(quote)
    close = text.find(quote, opened)
    return f"{text[: close + len(quote)]}" if close >= 0 else f"{text.rstrip()}{quote}"


def unknown_parameters(draft: Draft) -> Iterator[LintFinding]:
    """Names that are no parameter: refused, or dropped with a warning."""
    for line in draft.spoken:
        if line.instruction != "parameter" or line.name in PARAMETERS:
            continue
        if line.name in DROPPED:
            evidence = f"`ollama create` warns that {line.name} is deprecated and leaves it out"
            yield draft.find(line, "no effect", evidence=evidence, reason="it says nothing", mended=None)
            continue
        evidence = f"unknown parameter '{line.name}'; sent through /api/create it is stored, and then ignored"
        foreign = meant(line.name)
        if line.name in GONE:
            reason, instead = "earlier versions had it, the present one does not", None
        elif foreign is None:
            reason, instead = f"Ollama's parameters are {', '.join(sorted(PARAMETERS))}", None
        else:
            reason, instead = foreign.reason, foreign.parameter
        mended = f"PARAMETER {instead} {line.argument}" if instead else None
        yield draft.find(line, "refused", evidence=evidence, reason=reason, mended=mended)


def wrong_types(draft: Draft) -> Iterator[LintFinding]:
    """Values of another type than their parameter's, and quotes that only seem to make a difference."""
    for line in draft.spoken:
        kind = PARAMETERS.get(line.name) if line.instruction == "parameter" else None
        if kind is None or kind == TEXT:
            continue
        if _fits(line.argument, kind):
            if line.quoted:
                yield draft.find(
                    line,
                    "advice",
                    evidence="`ollama create` takes the quotes off",
                    reason=f"as text, which /api/create would store, every request fails: {line.name} is {kind}",
                    mended=f"PARAMETER {line.name} {line.argument}",
                )
            continue
        meant_value = _value_meant(line.argument, kind)
        comment = _COMMENT.search(line.argument)
        behind = "; a comment stands on a line of its own, behind a value it is part of it" if comment else ""
        mended = None if meant_value is None else f"PARAMETER {line.name} {meant_value}"
        if mended and comment:
            mended = f"# {comment[0].strip().lstrip('#/').strip()}\n{mended}"
        yield draft.find(
            line,
            "refused",
            evidence=f"invalid value {line.argument!r} for {line.name}",
            reason=f"{line.name} is {kind}{behind}",
            mended=mended,
        )


def _fits(text: str, kind: str) -> bool:
    if kind == SWITCH:
        return text in _TRUE_FALSE
    return (whole(text) if kind == WHOLE else number(text)) is not None


def _value_meant(text: str, kind: str) -> str | None:
    """8,192 and 8192.0 and 8k are 8192; yes is true; None where it cannot be told."""
    plain = _COMMENT.sub("", text).strip().strip("'\"").lower()
    if kind == SWITCH:
        plain = _SWITCHES.get(plain, plain)
        return plain if plain in _TRUE_FALSE else None
    if kind == NUMBER:
        plain = plain.replace(",", ".")
        return plain if number(plain) is not None else None
    scaled = re.fullmatch(r"(\d+(?:\.\d+)?)([km])", plain)
    if scaled:
        return str(int(float(scaled[1]) * _UNITS[scaled[2]]))
    value = number(re.sub(r"(?<=\d)[,_](?=\d{3})", "", plain))
    return None if value is None else str(int(value))


def twice(draft: Draft) -> Iterator[LintFinding]:
    """What is set again further down: the last one counts. `stop`, LICENSE, MESSAGE and files add up."""
    single = ("parameter", "template", "system", "renderer", "parser", "requires", "adapter")
    lasts = {(line.instruction, line.name): line for line in draft.spoken}
    for line in draft.spoken:
        last = lasts[line.instruction, line.name]
        if line.instruction not in single or line.name == "stop" or last is line:
            continue
        what = line.name or line.instruction.upper()
        yield draft.find(
            line,
            "no effect",
            evidence=f"{what} is set again in line {last.number}",
            reason="of the same setting the last line counts",
            mended=None,
        )


def version_required(draft: Draft) -> Iterator[LintFinding]:
    line = draft.last("requires")
    if line is not None and _VERSION.fullmatch(line.argument) is None:
        yield draft.find(
            line,
            "refused",
            evidence="requires must be a valid semver",
            reason="REQUIRES is the least version of Ollama, as 0.14.0",
            mended=None,
        )


RULES = (unreadable, unknown_parameters, wrong_types, twice, version_required)
