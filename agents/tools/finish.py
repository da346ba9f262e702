"""The loop's own tool: the final answer."""

from __future__ import annotations

from agents.tools.call import Call
from agents.tools.spec import Parameter, ToolSpec
from rag.judge import NOT_FOUND

FINISH = ToolSpec(
    "finish",
    "Give the final answer. Call it alone, once the passages found answer the task.",
    (
        Parameter("answer", "string", "The answer, each claim with the number of its passage: [2]"),
        Parameter("answerable", "boolean", "false where the documents do not say it", required=False),
        Parameter("citations", "integers", "Numbers of the passages that the answer rests on", required=False),
    ),
)


def draft_of(call: Call) -> str | None:
    """The text that a finish gives, markers behind it where only `citations` name passages; None for another call and
    for a finish without an answer. Whether the documents answer is decided by code, so `answerable` can only lower."""
    if call.name != FINISH.name:
        return None
    try:
        given = FINISH.checked(call.arguments)
    except ValueError:
        return None
    if given.get("answerable") is False:
        return NOT_FOUND
    answer = str(given["answer"])
    marks = "".join(f"[{number}]" for number in given.get("citations", []))
    return f"{answer} {marks}" if marks and "[" not in answer else answer
