"""JSON, and what models write in its place: values read from text, one at a time, without guessing.

Beside JSON: Python's quotes and constants, commas before a closing bracket, line ends inside a string, doubled braces
({{"name": …}}, as some templates show them), and brackets or a last string left open where the text or its wrapping
ends. Quotes inside quotes, bare words and numbers that JSON does not have (NaN) are refused.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

MOST_DEPTH = 32
"""Brackets within brackets; no tool takes more, and Python's recursion ends at about a thousand."""

WRAPPING = re.compile(
    r"</?(?:[a-z]+:|｜DSML｜)?(?:tool_calls?|tools|function_calls?|function|invoke)>|</s>|<end_of_turn>"
    r"|<[|｜][^<>|｜\n]{1,40}[|｜]>|\[TOOL_CALLS\]|```[a-z_]*",
    re.IGNORECASE,
)
"""What stands around calls and says nothing itself."""

_SPACE = re.compile(r"\s*+")
_DOUBLE = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^'\\]++|\\.)*+)'", re.DOTALL)
_TRIPLE = re.compile(r'"""((?:[^"\\]++|\\.|"(?!""))*+)"""|\'\'\'((?:[^\'\\]++|\\.|\'(?!\'\'))*+)\'\'\'', re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = dict(zip("nrtbfav0\n", "\n\r\t\b\f\a\v\0", strict=False)) | {"\n": ""} | {mark: mark for mark in "\"'\\/"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?(?![\w.])")
_CONSTANT = re.compile(r"(true|false|null|True|False|None)\b")
_CONSTANTS = {"true": True, "false": False}
_STOP = re.compile(r"\Z|```|</?[a-z_]|<[|｜]", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def _finite(text: str) -> float:
    """What Python reads as a number and JSON does not have (NaN, Infinity, 1e999) is refused."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number")
    return number


_DECODER = json.JSONDecoder(strict=False, parse_float=_finite, parse_constant=_finite)


def literal(text: str, at: int) -> tuple[Any, int]:
    """The value that starts at `at`, and where it ends; ValueError where none can be read."""
    try:
        value: Any
        value, end = _DECODER.raw_decode(text, at)
        return value, end
    except (ValueError, RecursionError):
        reader = Reader(text, at)
        return reader.value(), reader.at


def whole(text: str) -> Any:
    """The value that the text is; ValueError where it is none, or more than one."""
    value, end = literal(text, _past_space(text, 0))
    if WRAPPING.sub("", text[end:]).strip():
        raise ValueError("more than one value")
    return value


def without_surrogates(text: str) -> str:
    """Halves of a character joined where both are there: no file and no connection takes one alone."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def whole_characters(value: Any) -> Any:
    """The same of every text in a value of JSON's kinds."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [whole_characters(item) for item in value]
    if isinstance(value, dict):
        return {whole_characters(key): whole_characters(item) for key, item in value.items()}
    return value


@dataclass(slots=True)
class Reader:
    """Reads on from `at`; every method raises ValueError where what it wants is not there."""

    text: str
    at: int

    def value(self, depth: int = 0) -> Any:
        self.skip_space()
        mark = self.text[self.at : self.at + 1]
        if depth > MOST_DEPTH:
            raise ValueError("too deep")
        if mark == "{":
            return self._mapping(depth)
        if mark == "[":
            return self._sequence(depth)
        if mark in ('"', "'"):
            return self.string(may_be_cut=mark == '"')
        return self._plain()

    def string(self, *, may_be_cut: bool = False) -> str:
        """`may_be_cut`: without its closing mark the rest of the text belongs to it."""
        self.skip_space()
        for pattern in (_TRIPLE, _DOUBLE, _SINGLE):
            if found := pattern.match(self.text, self.at):
                self.at = found.end()
                return _unescaped(next(group for group in found.groups() if group is not None))
        if not may_be_cut:
            raise ValueError("no string")
        rest = self.text[self.at + 1 :]
        self.at = len(self.text)
        return _unescaped(_unwrapped_end(rest))

    def takes(self, mark: str) -> bool:
        self.skip_space()
        there = self.text.startswith(mark, self.at)
        self.at += len(mark) if there else 0
        return there

    def closes(self, mark: str) -> bool:
        """The closing bracket, or the end of all that it could stand in."""
        return self.takes(mark) or _STOP.match(self.text, self.at) is not None

    def skip_space(self) -> None:
        self.at = _past_space(self.text, self.at)

    def _mapping(self, depth: int) -> dict[str, Any]:
        doubled = self.text.startswith("{{", self.at)
        self.at += 2 if doubled else 1
        pairs: dict[str, Any] = {}
        more = not self.closes("}")
        while more:
            key = self.string()
            if not self.takes(":"):
                raise ValueError("no value")
            pairs[key] = self.value(depth + 1)
            more = self._goes_on("}")
        if doubled and self.text.startswith("}", self.at):
            self.at += 1
        return pairs

    def _sequence(self, depth: int) -> list[Any]:
        self.at += 1
        items: list[Any] = []
        more = not self.closes("]")
        while more:
            items.append(self.value(depth + 1))
            more = self._goes_on("]")
        return items

    def _goes_on(self, closing: str) -> bool:
        """Whether a further item follows: after a comma, and not the closing bracket."""
        comma = self.takes(",")
        if self.closes(closing):
            return False
        if not comma:
            raise ValueError("no comma")
        return True

    def _plain(self) -> Any:
        if found := _CONSTANT.match(self.text, self.at):
            self.at = found.end()
            return _CONSTANTS.get(found[0].lower())
        if found := _NUMBER.match(self.text, self.at):
            self.at = found.end()
            return _finite(found[0]) if found[1] or found[2] else int(found[0])
        raise ValueError("no value")


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _unescaped(text: str) -> str:
    return without_surrogates(_ESCAPE.sub(_character, text)) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    if len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, escape[0])


def _unwrapped_end(text: str) -> str:
    """Without the wrapping that closes the text: two tags and a fence at most."""
    for _ in range(3):
        last = [w for w in WRAPPING.finditer(text, max(0, len(text) - 80)) if not text[w.end() :].strip()]
        text = text[: last[0].start()].rstrip() if last else text
    return text
