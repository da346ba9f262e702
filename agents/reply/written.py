"""Calls of tools out of text: pure, for known names only, in time that grows with the text's length.

Models write their calls in the form that their training had, whatever the server parses. The forms stand in
`json_calls` (bare, fenced, tagged, several; "function" or "tool" for "name"; arguments as a string, beside the name,
alone or in their schema; the name before the object), `tag_calls`, `marked_calls`, `python_calls` and `react_calls`.
What is not quite JSON is read by `literals`.

A call that is run and was not meant is worse than a word to the model, so a place is a call only where it is meant:
- Behind marks that no prose has (<tool_call>, [TOOL_CALLS], Action Input:) it may follow prose on its line; without
  marks it begins its line, or follows a colon. Either way its line ends with it.
- Without marks it begins the text or ends it. With prose before and after it may be an example: the model is told.
- Behind a quotation mark, on a quoted line (>), inside <passage> or under a line that announces an example it is
  spoken of, and the text is prose.
- Arguments without a name are a call only where nothing else is written; JSON that fits no tool is data.
- What follows an invented tool result (Observation:, <tool_response>) is invented too and left out.
An unknown name is never a call; the text is then malformed, as is one that opens like a call and is none, or a schema
echoed back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from agents.reply.asked import Found, Known
from agents.reply.json_calls import json_call, named_json_call
from agents.reply.marked_calls import MARK, marked_call
from agents.reply.place import begins_line, beside, grouped, is_junk, is_spoken_of, stands
from agents.reply.python_calls import python_call
from agents.reply.react_calls import ACTION, react_call
from agents.reply.tag_calls import FUNCTION, element_call, function_call
from agents.tools.call import Call
from agents.tools.spec import ToolSpec

_OPENS_LIKE_A_CALL = re.compile(
    r"\s*(<tools?\b|<tool_call|```(json|tool)|[{\[]\s*[{\"']|\[TOOL_CALLS\]|<\|(python_tag|tool_call)|<｜tool"
    r"|<function[=\s>]|<invoke\s|Action:\s*\w+\s*\n\s*Action Input|\w+\((\w+\s*=|[\"'{]).*\)\s*$)",
    re.IGNORECASE,
)
_INVENTED = re.compile(
    r"^[ \t*]*Observation[ \t*]*:|<tool_(?:response|results?)>|<\|tool_response|<\|start\|>(?:tool|functions)"
    r"|<｜tool▁outputs▁begin｜>|<passage>",
    re.MULTILINE,
)
_QUOTED = "passage"
_MOST_TRIES = 100
"""Places that look like a call and cannot be read; a text with more of them is none."""

Form = Callable[[str, int, Known], Found | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """`calls` in their order and the `text` beside them. `malformed`: the text tries to be a call and is
    none, so it is no answer either."""

    calls: tuple[Call, ...]
    text: str
    malformed: bool = False


def read(text: str, specs: Sequence[ToolSpec]) -> Reading:
    """The calls of known tools in a model's text."""
    scan = _Scan(text, {spec.name: spec for spec in specs})
    found = scan.found()
    groups = [group for group in grouped(scan.text, found) if stands(scan.text, group)]
    meant = [one for group in groups for one in group if one.calls]
    certain = _certain(scan.text, meant)
    if not certain:
        tries = scan.broken or len(meant) > 0 or any(not one.calls for group in groups for one in group)
        return Reading((), text.strip(), tries or _ends_with(scan.text, found) or bool(_OPENS_LIKE_A_CALL.match(text)))
    ends = [0, *(one.end for one in certain)]
    starts = [*(one.start for one in certain), len(scan.text)]
    pieces = [scan.text[end:start] for end, start in zip(ends, starts, strict=True)]
    return Reading(tuple(call for one in certain for call in one.calls), beside(pieces))


def _certain(text: str, meant: list[Found]) -> list[Found]:
    """Without those that have no marks and stand between prose."""
    if not meant:
        return meant
    begins, ends = is_junk(text[: meant[0].start]), not beside([text[meant[-1].end :]])
    return meant if begins or ends else [one for one in meant if one.marked]


def _ends_with(text: str, found: list[Found]) -> bool:
    """A call in the middle of a line that is the text's last: meant or told of, so the model is asked."""
    last = next((one for one in reversed(found) if one.calls), None)
    return last is not None and is_junk(text[last.end :]) and not is_spoken_of(text, last.start)


@dataclass(slots=True)
class _Scan:
    """One pass over a text. `broken`: a mark on a line of its own with nothing behind it that can be read."""

    text: str
    known: Known
    broken: bool = False
    _tries: int = field(default=0)

    def found(self) -> list[Found]:
        """Every place that is a call or tries to be one, in order; the text is cut where invented results begin."""
        openings, found = _openings(tuple(self.known)), list[Found]()
        at = 0
        while (opening := openings.search(self.text, at)) and self._tries < _MOST_TRIES:
            kind = opening.lastgroup or ""
            if kind == _QUOTED:
                end = self.text.find("</passage>", opening.end())
                at = len(self.text) if end < 0 else end
                continue
            one = self._one(_FORMS[kind], opening.start())
            at = opening.end() if one is None else one.end
            if one is None and kind in ("mark", "function"):
                self.broken = self.broken or begins_line(self.text, opening.start())
            if one is not None and not (one.alone and not one.calls):
                found.append(one)
                self._cut(found)
        return found

    def _one(self, forms: Sequence[Form], at: int) -> Found | None:
        for form in forms:
            try:
                if one := form(self.text, at, self.known):
                    return one
            except ValueError:
                continue
        self._tries += 1
        return None

    def _cut(self, found: list[Found]) -> None:
        if len(found) == 1 and (invented := _INVENTED.search(self.text, found[0].end)):
            self.text = self.text[: invented.start()]


@lru_cache(maxsize=64)
def _openings(names: tuple[str, ...]) -> re.Pattern[str]:
    """Where a call may begin; the group says in which form."""
    either = "|".join(re.escape(name) for name in names) or "(?!)"
    return re.compile(
        rf"(?P<{_QUOTED}><passage>)|(?P<mark>{MARK})|(?P<function>{FUNCTION})"
        rf"|(?P<element><(?:{either})>)|(?P<action>{ACTION})"
        rf"|(?P<named>(?<![\w.-])(?:(?:functions|tools|default_api)\.)?(?:{either})(?=(?:\.call)?\(|[\s:`]*+(?:json\s*+)?\{{))"
        rf"|(?P<object>\{{|\[(?=\s*+\{{))",
        re.MULTILINE,
    )


_FORMS: dict[str, tuple[Form, ...]] = {
    "mark": (marked_call,),
    "function": (function_call,),
    "element": (element_call,),
    "action": (react_call,),
    "named": (python_call, named_json_call),
    "object": (json_call,),
}
