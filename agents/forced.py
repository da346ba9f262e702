"""The policy of the benchmark: another policy, held to a prepared course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.policy import Policy
from agents.tools.call import Call
from agents.tools.finish import FINISH
from agents.tools.spec import checked
from agents.tools.toolset import Tools, offered

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

    from agents.reply.normalise import Reply
    from agents.state import State


def forced_policy(policy: Policy, prepared: Sequence[Call], tools: Tools) -> Policy:
    """Cycle n runs `prepared[n - 1]` wherever the inner policy finishes early, repeats a call or writes no
    valid one. Its message is kept with all that it generated and is marked, so the step says `forced`.
    Beyond `prepared`, and in the last answering call, the inner policy is free.

    Calls that are well written as text stay; a run of more than three needs `Limits.max_repairs` as high
    as its cycles.
    """
    specs = {spec.name: spec for spec in offered(tools)}

    def valid(reply: Reply, state: State, wanted: Call) -> bool:
        for call in reply.calls:
            if state.log.of(call).times:
                return False
            if call.name == FINISH.name and wanted.name != FINISH.name:
                return False
            try:
                checked(call, specs)
            except (KeyError, ValueError):
                return False
        return bool(reply.calls)

    def held(state: State) -> AIMessage:
        from langchain_core.messages.tool import tool_call

        from agents.reply.normalise import FORCED, normalise

        message = policy(state)
        if state.closing or state.cycle > len(prepared):
            return message
        wanted = prepared[state.cycle - 1]
        if valid(normalise(message, tuple(specs.values()), state.cycle), state, wanted):
            return message
        call = tool_call(name=wanted.name, args=dict(wanted.arguments), id=f"call-{state.cycle}-1")
        marks = {**message.additional_kwargs, FORCED: True}
        changes = {"tool_calls": [call], "invalid_tool_calls": [], "additional_kwargs": marks}
        return message.model_copy(update=changes)

    return held
