"""What becomes of one reply of the policy: its calls are carried out, or it is the answer, or it missed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from langchain_core.messages import ToolMessage

from agents import prompt
from agents.limits import Limits
from agents.repeats import key
from agents.reply.normalise import Reply
from agents.state import State
from agents.stopwatch import Stopwatch
from agents.tools.call import Call, Observation
from agents.tools.finish import FINISH, draft_of
from agents.tools.spec import usages
from agents.tools.toolset import Tools, offered
from rag.pack import defused
from rag.verify import finished_text

MOST_TIMES = 2
"""How often the same call is answered; once more ends the run."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The state after a turn, and what the model was shown."""

    state: State
    observation: str = ""


def take(state: State, reply: Reply, tools: Tools, limits: Limits, watch: Stopwatch) -> Taken:
    answers = [answer for call in reply.calls if (answer := draft_of(call)) is not None]
    if state.closing:
        prose = "" if reply.calls or reply.malformed else reply.text
        return _drafted(state, reply, answers[0] if answers else prose)
    # Beside a search a finish cannot rest on its result, so it counts only where it stands alone.
    answer = answers[0] if len(reply.calls) == len(answers) == 1 else None
    if answer is not None and state.searched:
        return _drafted(state, reply, answer)
    if answer is not None and state.misses:
        return Taken(state.stopped("format_errors"))
    if answer is not None:
        return _told(replace(state, misses=1), reply, prompt.SEARCH_FIRST)
    if not reply.calls and limits.wall_s is not None and state.spent_s >= limits.wall_s:
        return Taken(state)  # cut off by the clock: the last answering call follows
    if not reply.calls:
        return _without_call(state, reply, tools)
    repairs = state.repairs + 1 if reply.repaired else 0
    if repairs > limits.max_repairs:
        return Taken(state.stopped("format_errors"))
    return _carried_out(replace(state, repairs=repairs, misses=0), reply, tools, limits, watch)


def _drafted(state: State, reply: Reply, text: str) -> Taken:
    """The text is the answer; a sentence that the limit of tokens or time cut off is none."""
    return Taken(state.drafted(finished_text(text, reply.message.response_metadata)))


def _without_call(state: State, reply: Reply, tools: Tools) -> Taken:
    """Prose over evidence is an answer; all else is nudged once. The turn is kept in its step and not in
    the transcript, where it would be an example."""
    prose = bool(reply.text) and not reply.malformed
    if prose and state.searched:
        return _drafted(state, reply, reply.text)
    if state.misses:
        return Taken(state.stopped("format_errors"))
    nudge = prompt.SEARCH_FIRST if prose else prompt.NO_CALL.format(usages=usages(offered(tools)))
    return Taken(replace(state.nudged(nudge), misses=1), nudge)


def _told(state: State, reply: Reply, text: str) -> Taken:
    """The reply into the transcript, with the same result for each of its calls."""
    results = [_result(call_id, text, text) for call_id in reply.call_ids]
    return Taken(replace(state, messages=(*state.messages, reply.message, *results)), text)


def _carried_out(state: State, reply: Reply, tools: Tools, limits: Limits, watch: Stopwatch) -> Taken:
    """Every call gets a result, those that are not carried out a word."""
    before, done = state.log, frozenset[str]()
    results: list[ToolMessage] = []
    for place, (call, call_id) in enumerate(zip(reply.calls, reply.call_ids, strict=True)):
        if key(call) in done:
            seen = _word(prompt.TWICE_IN_TURN, state)
        elif place >= limits.max_calls:
            seen = _word(prompt.TOO_MANY.format(most=limits.max_calls), state)
        else:
            state, seen = _one(call, state, tools, watch)
            done |= {key(call)}
        text = f"{prompt.REPAIRED}\n{seen.text}" if reply.repaired and not results else seen.text
        results.append(_result(call_id, text, seen.short))
    times = [before.times(call) for call in reply.calls]
    worn = frozenset(call.name for call, earlier in zip(reply.calls, times, strict=True) if earlier)
    state = replace(state, messages=(*state.messages, reply.message, *results), worn=worn)
    shown = "\n\n".join(result.text for result in results)
    return Taken(state.stopped("repeated_call") if max(times) >= MOST_TIMES else state, shown)


def _one(call: Call, state: State, tools: Tools, watch: Stopwatch) -> tuple[State, Observation]:
    """One call carried out, its seconds the tool's, and logged."""
    state = state.spending(framework_s=watch.lap())
    seen, worked = _observed(call, state, tools)
    state = state.spending(tool_s=watch.lap())
    log = state.log.plus(call, seen.text)
    return replace(state, evidence=seen.evidence, log=log, searched=state.searched or worked), seen


def _observed(call: Call, state: State, tools: Tools) -> tuple[Observation, bool]:
    """What a call brings, and whether a tool did its work. Nothing that a call holds or a tool raises
    ends the run."""
    times = state.log.times(call)
    if times:
        text = prompt.REPEATED_TWICE if times > 1 else f"{state.log.text(call)}\n{prompt.REPEATED}"
        return Observation(text, state.evidence), False
    specs = {spec.name: spec for spec in offered(tools)}
    if call.name not in specs:
        return _word(prompt.UNKNOWN_TOOL.format(name=call.name, usages=usages(offered(tools))), state), False
    spec = specs[call.name]
    if state.declined and not spec.read_only:
        return _word(prompt.DECLINED.format(name=call.name), state), False
    try:
        checked = Call(call.name, spec.checked(call.arguments))
    except ValueError as error:
        told = prompt.BAD_ARGUMENTS.format(name=call.name, reason=error, usage=spec.usage)
        return _word(told, state), False
    if call.name == FINISH.name:
        return _word(prompt.FINISH_BESIDE, state), False
    try:
        return tools.run(checked, state.evidence), True
    except Exception as error:
        told = prompt.TOOL_FAILED.format(name=call.name, error=defused(f"{type(error).__name__}: {error}"))
        return _word(told, state), False


def _word(text: str, state: State) -> Observation:
    return Observation(text, state.evidence, text)


def _result(call_id: str, text: str, short: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=call_id, artifact=short)
