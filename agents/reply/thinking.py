"""What a model thinks, apart from what it says: a call inside thinking is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_TAG = r"(?:think|thinking|thought|reasoning|seed:think)"
_OPENING = re.compile(rf"<{_TAG}>|\[THINK\]")
_CLOSING = re.compile(rf"</{_TAG}>|\[/THINK\]")
_LEFT_OPEN = re.compile(rf"^[ \t]*+(?:<{_TAG}>|\[THINK\])", re.MULTILINE)

# gpt-oss writes channels: analysis is thinking, final is the answer, commentary is a call or a word before one.
_ANALYSIS = re.compile(
    r"(?:<\|start\|>assistant)?<\|channel\|>analysis(?![^<]{0,40}\bto=)[^<]{0,20}<\|message\|>(.*?)"
    r"(?:<\|end\|>|<\|return\|>|(?=<\|start\|>|<\|channel\|>)|\Z)",
    re.DOTALL,
)
_BARE_ANALYSIS = re.compile(r"\A\s*analysis(?=\S)(.*?)assistant(?:final|(?=commentary))", re.DOTALL)
_SPOKEN = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>(?:final|commentary)(?!\s*to=)[^<]{0,20}<\|message\|>")
_ENDING = re.compile(r"<\|(?:end|return)\|>")
_CHANNEL = "<|channel|>"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text without its thinking, and that thinking in its parts."""

    text: str
    thinking: tuple[str, ...] = ()


def apart(written: str) -> Spoken:
    """A block that is left open counts from the beginning of a line, since prose may name the tag; before a closing
    tag without an opening one (the template had opened it) all is thinking."""
    thinking: list[str] = []
    text = _without_channels(written, thinking)
    kept: list[str] = []
    at = 0
    while (opening := _OPENING.search(text, at)) and (closing := _CLOSING.search(text, opening.end())):
        kept.append(_after_closing(text[at : opening.start()], thinking))
        thinking.append(text[opening.end() : closing.start()])
        at = closing.end()
    rest = text[at:]
    if left_open := _LEFT_OPEN.search(rest):
        thinking.append(rest[left_open.end() :])
        rest = rest[: left_open.start()]
    kept.append(rest)
    said = _after_closing("".join(kept), thinking)
    return Spoken(said.strip(), tuple(part.strip() for part in thinking if part.strip()))


def told_apart(kwargs: Mapping[str, Any], content: str | Sequence[Any]) -> list[str]:
    """Thinking that the client keeps beside the text: in `reasoning_content`, or in blocks of the content."""
    parts = [kwargs.get("reasoning_content")]
    if not isinstance(content, str):
        blocks = [block for block in content if isinstance(block, Mapping)]
        parts += [block.get(kind) for block in blocks if (kind := block.get("type")) in ("thinking", "reasoning")]
    return [part.strip() for part in parts if isinstance(part, str) and part.strip()]


def _without_channels(text: str, thinking: list[str]) -> str:
    if bare := _BARE_ANALYSIS.match(text):
        thinking.append(bare[1])
        return text[bare.end() :]
    if _CHANNEL not in text:
        return text
    thinking += _ANALYSIS.findall(text)
    return _ENDING.sub("", _SPOKEN.sub("", _ANALYSIS.sub("", text)))


def _after_closing(text: str, thinking: list[str]) -> str:
    closings = list(_CLOSING.finditer(text))
    if not closings:
        return text
    thinking.append(_CLOSING.sub("", text[: closings[-1].start()]))
    return text[closings[-1].end() :]
