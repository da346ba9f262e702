"""What becomes of one reply of the policy: its calls are carried out, or it is the answer, or it missed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from langchain_core.messages import ToolMessage

from agents import prompt
from agents.calls import carried_out, refused
from agents.hints import untried
from agents.limits import Limits
from agents.repeats import CallLog, Result, key
from agents.reply.normalise import Reply
from agents.reply.react_calls import final_answer
from agents.state import State
from agents.stopwatch import Stopwatch
from agents.tools.call import Call
from agents.tools.finish import FINISH, draft_of
from agents.tools.search import SEARCH
from agents.tools.spec import usages
from agents.tools.toolset import Tools, offered
from rag.judge import declines
from rag.verify import finished_text

_FRAMED = re.compile(r"<passage>.*?</passage>", re.DOTALL)
_TOLD_LAST = re.compile(r"\s+".join(map(re.escape, prompt.CLOSING.split())), re.IGNORECASE)
ECHO_WORDS = 4
"""Of the loop's own words, so many in a row are an echo; fewer may be an answer ("no", "2")."""
MOST_TIMES = 2
"""How often the same call is answered; once more ends the run."""
MOST_REPEATED = 2
"""Searches asked for again; after that a model is held to untried ones as long as there are any."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The state after a turn, and what the model was shown; not `whole` where calls of the reply are left."""

    state: State
    observation: str = ""
    whole: bool = True


def take(state: State, reply: Reply, tools: Tools, limits: Limits, watch: Stopwatch) -> Taken:
    """One call is carried out at a time, so that a run which is killed in it has kept what the ones before brought."""
    if state.results:
        return _carried_on(state, reply, tools, limits, watch)
    answers = [answer for call in reply.calls if (answer := draft_of(call)) is not None]
    if state.closing:
        prose = "" if reply.calls or reply.malformed else reply.text
        return _drafted(state, reply, _own(answers[0] if answers else final_answer(prose)))
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
    repairs = _repairs(state, reply)
    if repairs > limits.max_repairs:
        return Taken(state.stopped("format_errors"))
    return _carried_on(replace(state, repairs=repairs, misses=0), reply, tools, limits, watch)


def upcoming(state: State, reply: Reply, tools: Tools, limits: Limits) -> Call | None:
    """The call that `take` is going to carry out; None where it carries out none."""
    if state.closing or (not state.results and _repairs(state, reply) > limits.max_repairs):
        return None
    left = range(len(state.results), len(reply.calls))
    place = next((place for place in left if refused(place, state, reply, tools, limits) is None), None)
    return None if place is None else reply.calls[place]


def _repairs(state: State, reply: Reply) -> int:
    return state.repairs + 1 if reply.repaired else 0


def _drafted(state: State, reply: Reply, text: str) -> Taken:
    """The text is the answer; a sentence that the limit of tokens or time cut off is none."""
    return Taken(state.drafted(finished_text(text, reply.message.response_metadata)))


def _without_call(state: State, reply: Reply, tools: Tools) -> Taken:
    """Prose over evidence is an answer; all else is nudged once. The turn is kept in its step and not in
    the transcript, where it would be an example."""
    prose = bool(reply.text) and not reply.malformed and not _echoes(reply.text, state)
    if prose and state.searched:
        return _drafted(state, reply, final_answer(reply.text))
    if state.misses:
        return Taken(state.stopped("format_errors"))
    nudge = prompt.SEARCH_FIRST if prose else prompt.NO_CALL.format(usages=usages(offered(tools)))
    return Taken(replace(state.nudged(nudge), misses=1, worn=frozenset(), untried=()), nudge)


def _own(text: str) -> str:
    """Of a last answer what is the model's: small ones repeat first, or only, what the loop told them last. (The words
    that decline stand in that too, and a few words may be the answer.)"""
    rest = _TOLD_LAST.sub("", text).strip()
    words = rest.split()
    echo = len(words) >= ECHO_WORDS and f" {' '.join(words)} " in f" {' '.join(prompt.CLOSING.split())} "
    return "" if echo and not declines(rest) else rest


def _echoes(text: str, state: State) -> bool:
    """Whether a model only repeats what the loop itself said last: small ones do."""
    own = _FRAMED.sub(" ", state.messages[-1].text)
    return " ".join(text.split()) in " ".join(own.split())


def _told(state: State, reply: Reply, text: str) -> Taken:
    """The reply into the transcript, with the same result for each of its calls."""
    results = [_message(call_id, Result(text, text)) for call_id in reply.call_ids]
    messages = (*state.messages, reply.message, *results)
    return Taken(replace(state, messages=messages, worn=frozenset(), untried=()), text)


def _carried_on(state: State, reply: Reply, tools: Tools, limits: Limits, watch: Stopwatch) -> Taken:
    """The next call, and the word on each that is refused before and behind it."""
    ran = False
    while len(state.results) < len(reply.calls):
        result = refused(len(state.results), state, reply, tools, limits)
        if result is None and ran:
            return Taken(state, whole=False)
        if result is None:
            state, result = carried_out(reply.calls[len(state.results)], state, tools, watch)
            ran = True
        state = replace(state, results=(*state.results, result))
    return _turned(state, reply, limits)


def _turned(state: State, reply: Reply, limits: Limits) -> Taken:
    """Every call has its result: the turn goes into the transcript and the log."""
    results, made = state.results, [state.log.of(call) for call in reply.calls]
    worn = frozenset(one.name for one in made if one.result is not None)
    log = _logged(state, reply, limits)
    held = SEARCH.name in worn or log.repeated(SEARCH.name) >= MOST_REPEATED
    if reply.repaired:
        results = (replace(results[0], text=f"{prompt.REPAIRED}\n{results[0].text}"), *results[1:])
    told = [_message(call_id, result) for call_id, result in zip(reply.call_ids, results, strict=True)]
    state = replace(
        state,
        messages=(*state.messages, reply.message, *told),
        log=log,
        worn=worn,
        untried=untried(state, reply.calls) if held else (),
        results=(),
        granted="",
        declined=False,
    )
    shown = "\n\n".join(result.text for result in results)
    again = max(one.times for one in made)
    return Taken(state.stopped("repeated_call") if again >= MOST_TIMES else state, shown)


def _logged(state: State, reply: Reply, limits: Limits) -> CallLog:
    """Each call counts once in a turn, those beyond the limit do not, nor does a finish that came too early."""
    log, counted = state.log, set[str]()
    for call, result in list(zip(reply.calls, state.results, strict=True))[: limits.max_calls]:
        if call.name != FINISH.name and key(call) not in counted:
            log = log.plus(call, result)
        counted.add(key(call))
    return log


def _message(call_id: str, result: Result) -> ToolMessage:
    return ToolMessage(result.text, tool_call_id=call_id, artifact=result.short)
