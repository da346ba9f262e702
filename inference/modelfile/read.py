"""Somebody's Modelfile, read as `ollama create` reads it, but to its end: what Ollama refuses is kept with the reason.

The rules are those of parser/parser.go of Ollama 0.33: a word of letters, one space or tab, a value up to the end of
the line, or up to a line that ends with the quote that began it. There are no escapes, no continued lines, and a
comment stands on a line of its own.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.errors import UsageError

INSTRUCTIONS = (
    *("from", "parameter", "template", "system", "message", "license", "adapter", "draft"),
    *("renderer", "parser", "requires"),
)
COMMENT, BLANK = "comment", "blank"
ROLES = ("system", "user", "assistant")
LARGEST_BYTES = 4 << 20
"""A Modelfile is text; whoever names a file of weights here is told so instead of waiting."""

NOT_AN_INSTRUCTION = "command must be one of " + ", ".join(INSTRUCTIONS)
NO_VALUE = "unexpected EOF: the word has no value behind it"
NOT_A_ROLE = 'message role must be one of "system", "user", or "assistant"'
NEVER_CLOSED = "unexpected EOF: the quote is never closed, so everything behind it is its value"
BAD_NAME = "unexpected EOF: a parameter's name is letters, digits and _, then a space"
TWO_SPACES = "unknown parameter '': behind PARAMETER stands one space, and a second one ends the name"
_HEAD = re.compile(r"[ \t]*([^ \t\r\n]*)([ \t]?)")
_OPENS = re.compile(rf"(?:{'|'.join(INSTRUCTIONS).upper()})[ \t]")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class ModelfileLine:
    """One line, or one value over several.

    `number` is the first line's (1-based), `text` all as written. `instruction` is one of INSTRUCTIONS, COMMENT or
    BLANK, "" where it is none of them. `name` is a PARAMETER's name or a MESSAGE's role. `argument` is the value as
    Ollama takes it, without its quotes. `problem`: why `ollama create` refuses the line, in its words; None: it does
    not.
    """

    number: int
    text: str
    instruction: str
    name: str = ""
    argument: str = ""
    problem: str | None = None

    @property
    def quoted(self) -> bool:
        """The value was written in quotes, which Ollama takes off."""
        return self.text.rstrip().endswith('"') and not self.argument.endswith('"')

    @property
    def spoken(self) -> bool:
        """It says something to Ollama: no comment, no blank line, nothing that cannot be read."""
        return self.problem is None and self.instruction in INSTRUCTIONS


def read_modelfile(path: Path) -> tuple[ModelfileLine, ...]:
    """The lines of a file. Raises UsageError where it is not there or is no text."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UsageError(
                f"{path} is no Modelfile: it has {path.stat().st_size:,} bytes",
                next_step=f"a file of weights is named in a Modelfile, or tuned by itself: --model {path}",
            )
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the Modelfile {path} cannot be read: {error.strerror}",
            next_step="name the file that you would give to `ollama create -f`; `ollama show --modelfile NAME` prints "
            "the one of an installed model",
        ) from error
    if b"\0" in content and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UsageError(f"{path} is no Modelfile: it is no text", next_step="name a text file that begins with FROM")
    return read_lines(decoded(content))


def decoded(content: bytes) -> str:
    """UTF-8, or what a byte order mark says, as Ollama reads it."""
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    return content.decode(encoding, "replace")


def read_lines(text: str) -> tuple[ModelfileLine, ...]:
    """Every line of a Modelfile's text, in order; joined with newlines their texts are the text again."""
    lines = re.split(r"\r\n|\r|\n", text)
    return tuple(_read(lines if lines[-1] else lines[:-1]))


def _read(lines: Sequence[str]) -> Iterator[ModelfileLine]:
    at = 0
    while at < len(lines):
        line = lines[at]
        number = at + 1
        if not line.strip(" \t"):
            yield ModelfileLine(number, line, BLANK)
            at += 1
            continue
        if line.lstrip(" \t").startswith("#"):
            yield ModelfileLine(number, line, COMMENT)
            at += 1
            continue
        read, used = _command(lines, at)
        yield read
        at += used


def _command(lines: Sequence[str], at: int) -> tuple[ModelfileLine, int]:
    """The instruction that begins in line `at`, and how many lines it takes."""
    line, number = lines[at], at + 1
    head = _HEAD.match(line)
    assert head is not None
    instruction = head[1].lower()
    if instruction not in INSTRUCTIONS:
        return ModelfileLine(number, line, "", problem=NOT_AN_INSTRUCTION), 1
    if not head[2]:
        return ModelfileLine(number, line, instruction, problem=NO_VALUE), 1
    name, first, problem = _named(instruction, line[head.end() :])
    if problem is not None:
        return ModelfileLine(number, line, instruction, name, problem=problem), 1
    value, used = _value(first, lines, at)
    text = "\n".join(lines[at : at + used])
    if value is None:
        return ModelfileLine(number, text, instruction, name, problem=NEVER_CLOSED), used
    return ModelfileLine(number, text, instruction, name, value), used


def _named(instruction: str, text: str) -> tuple[str, str, str | None]:
    """Name, value and problem of what stands behind PARAMETER and MESSAGE; the others have no name."""
    if instruction not in ("parameter", "message"):
        return "", text, None
    head = _HEAD.match(text)
    assert head is not None
    name = "" if text[:1] in (" ", "\t") else head[1]
    if instruction == "message":
        problem = None if name in ROLES else NOT_A_ROLE
    else:
        problem = None if re.fullmatch(r"[A-Za-z0-9_]+", name) else BAD_NAME if name else TWO_SPACES
    return name, text[head.end() :], problem or (None if head[2] else NO_VALUE)


def _value(first: str, lines: Sequence[str], at: int) -> tuple[str | None, int]:
    """The value that begins with `first` in line `at`, without its quotes, and the number of lines it takes. None where
    its quote is never closed: to Ollama all that follows is the value then; here it ends before the next line that
    begins with an instruction."""
    if (value := unquoted(_printable(first).strip())) is not None:
        return value, 1
    for end in range(at + 1, len(lines)):
        if lines[end].rstrip().endswith('"'):
            value = unquoted(_printable("\n".join([first, *lines[at + 1 : end + 1]])).strip())
            if value is not None:
                return value, end - at + 1
    following = (end for end in range(at + 1, len(lines)) if _OPENS.match(lines[end]))
    return None, next(following, len(lines)) - at


def unquoted(text: str) -> str | None:
    """What stands between quotes, three or one; text without them as it is; None where they are not closed."""
    for quote in ('"""', '"'):
        if text.startswith(quote):
            closed = len(text) >= 2 * len(quote) and text.endswith(quote)
            return text[len(quote) : -len(quote)] if closed else None
    return text


def _printable(text: str) -> str:
    """Ollama drops what cannot be printed, a space of a fixed width too."""
    return "".join(c for c in text if c.isprintable() or c in "\t\n")
