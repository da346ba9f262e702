"""Calls between tags: <function=search><parameter=query>…, <invoke name="search">…, <search><query>…, and GLM's
search <arg_key>query</arg_key> <arg_value>….

A value is the text between its tags without one line end on each side: what Qwen's and GLM's templates write.
"""

from __future__ import annotations

import re

from agents.reply.asked import Found, Known, from_text, from_texts, made, spec_of
from agents.reply.literals import literal
from agents.tools.call import Call
from agents.tools.spec import ToolSpec

FUNCTION = r"<(?:\w+:|｜DSML｜)?(?:function(?:=|\s+name=)|invoke\s+name=)[\"']?([\w.-]+)[\"']?\s*>"
"""Opens a call; the name is its group."""

_FUNCTION = re.compile(FUNCTION)
_PARAMETER = re.compile(
    r"\s*+<(?P<tag>(?:\w+:|｜DSML｜)?parameter)(?:=|\s+name=)[\"']?(?P<name>[\w.-]+)[\"']?[^<>\n]{0,80}>"
)
_PAIR = re.compile(r"\s*+<arg_key>\s*+(?P<name>[\w.-]+)\s*+</arg_key>\s*+<(?P<tag>arg_value)>")
_CHILD = re.compile(r"\s*+<(?P<tag>(?P<name>[\w-]+))>")
_END = re.compile(r"</(?:\w+:|｜DSML｜)?(?:function|invoke|tool_call)>|\Z")
_BARE_NAME = re.compile(r"\s*+([A-Za-z_][\w.-]*)\s*+(?=<arg_key>|</tool_call>|\Z)")


def function_call(text: str, at: int, known: Known) -> Found | None:
    """<function=search> or <invoke name="search">, then tagged parameters or one object of JSON."""
    head = _FUNCTION.match(text, at)
    if head is None:
        return None
    spec = spec_of(head[1], known)
    if text[head.end() : head.end() + 200].lstrip().startswith("{"):
        value, end = literal(text, text.index("{", head.end()))
        call = made(spec, value) if spec else None
    else:
        texts, end = _texts(text, head.end(), _PARAMETER)
        call = from_texts(spec, texts) if spec else None
    return Found(at, end, (call,) if call else (), marked=True)


def pair_call(text: str, at: int, known: Known) -> Found | None:
    """GLM's, behind its <tool_call>: the name, then keys and values in turn."""
    head = _BARE_NAME.match(text, at)
    if head is None:
        return None
    spec = spec_of(head[1], known)
    texts, end = _texts(text, head.end(), _PAIR)
    return Found(at, end, (from_texts(spec, texts),) if spec else ())


def element_call(text: str, at: int, known: Known) -> Found | None:
    """<search><query>…</query></search>, the tool's name as the tag; one text alone where it takes one argument."""
    head = _CHILD.match(text, at)
    spec = known.get(head["name"]) if head else None
    if head is None or spec is None:
        return None
    closing = f"</{spec.name}>"
    call, end = _inside(text, head.end(), spec, closing)
    rest = text[end : end + 200].lstrip()
    if call is None or (rest and not rest.startswith(closing)):
        return None
    return Found(at, text.index(closing, end) + len(closing) if rest else len(text), (call,))


def _inside(text: str, at: int, spec: ToolSpec, closing: str) -> tuple[Call | None, int]:
    if text[at : at + 200].lstrip().startswith("{"):
        value, end = literal(text, text.index("{", at))
        return made(spec, value), end
    child = _CHILD.match(text, at)
    if child and child["name"] in {p.name for p in spec.parameters}:
        texts, end = _texts(text, at, _CHILD, {p.name for p in spec.parameters})
        return from_texts(spec, texts), end
    end = text.find(closing, at)
    return (from_text(spec, text[at:end].strip()), end) if end > at else (None, at)


def _texts(text: str, at: int, opening: re.Pattern[str], names: set[str] | None = None) -> tuple[dict[str, str], int]:
    """The texts between tags by their names, and where the last one ends."""
    texts: dict[str, str] = {}
    while (head := opening.match(text, at)) and (names is None or head["name"] in names):
        closing = f"</{head['tag']}>"
        end = text.find(closing, head.end())
        if end < 0:  # left open: up to the end of the call
            end = next(m.start() for m in _END.finditer(text, head.end()))
        texts[head["name"]] = text[head.end() : end].removeprefix("\n").removesuffix("\n")
        at = end + len(closing) if text.startswith(closing, end) else end
    return texts, at
