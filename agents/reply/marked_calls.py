"""Calls behind the marks that a family's template gives its model and that no prose has.

<tool_call> (Qwen, GLM), [TOOL_CALLS] (Mistral), <|python_tag|> (Llama), <｜tool▁call▁begin｜> (DeepSeek) and
<|tool_call_begin|> (Kimi), <|tool_call_start|> (LFM), <|tool_call|> (Granite), functools (Phi), to=functions.
(gpt-oss). What follows a mark is JSON, a name and JSON, Python's form or GLM's pairs.
"""

from __future__ import annotations

import re
from dataclasses import replace

from agents.reply.asked import Found, Known
from agents.reply.json_calls import json_call, named_json_call
from agents.reply.python_calls import python_call
from agents.reply.tag_calls import pair_call

MARK = (
    r"<tool_calls?>|\[TOOL_CALLS\]|<\|python_tag\|>|<\|tool_call(?:_start)?\|>|\bfunctools(?=\[)"
    r"|(?:<｜tool▁call▁begin｜>|<\|tool_call_begin\|>)(?:function(?=<))?(?:<｜tool▁sep｜>|<\|tool_sep\|>)?"
    r"|(?:<\|start\|>assistant)?\s?(?:<\|channel\|>\w{1,20})?\s?to=(?=functions\.)"
)
_MARK = re.compile(MARK)
_FILLER = re.compile(r"(?:\s|```[a-z_]*)*+")
_LIST = re.compile(r"\[\s*+(?=[A-Za-z_])")


def marked_call(text: str, at: int, known: Known) -> Found | None:
    """What stands behind the mark at `at`; None where it is none of the forms (a further tag, read by itself)."""
    mark = _MARK.match(text, at)
    filler = _FILLER.match(text, mark.end()) if mark else None
    if filler is None:
        return None
    inner = filler.end()
    if text.startswith(("{", "["), inner):
        listed = _LIST.match(text, inner)
        found = python_call(text, listed.end(), known) if listed else json_call(text, inner, known)
        return None if found is None else replace(found, start=at, marked=True, alone=False)
    for form in (named_json_call, python_call, pair_call):
        if found := form(text, inner, known):
            return replace(found, start=at, marked=True)
    return None
