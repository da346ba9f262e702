"""One call of a reply: refused with a word, or carried out. Nothing that a call holds or a tool raises ends a run."""

from __future__ import annotations

from dataclasses import replace

from agents import prompt
from agents.limits import Limits
from agents.repeats import Result, key
from agents.reply.normalise import Reply
from agents.state import State
from agents.stopwatch import Stopwatch
from agents.tools.call import Call
from agents.tools.finish import FINISH
from agents.tools.shown import one_line
from agents.tools.spec import checked, usages
from agents.tools.toolset import Tools, offered
from rag.verify import cut_off

ERROR_CHARS = 300


def refused(place: int, state: State, reply: Reply, tools: Tools, limits: Limits) -> Result | None:
    """What the call at that place of the reply is answered with instead of being carried out; None where it will be."""
    call = reply.calls[place]
    if key(call) in map(key, reply.calls[:place]):
        return _word(prompt.TWICE_IN_TURN)
    if place >= limits.max_calls:
        return _word(prompt.TOO_MANY.format(most=limits.max_calls))
    made = state.log.of(call)
    if made.times > 1:
        return _word(prompt.REPEATED_TWICE)
    if made.result is not None:
        return _repeated(made.result, state)
    return _faulty(call, reply, tools)


def carried_out(call: Call, state: State, tools: Tools, watch: Stopwatch) -> tuple[State, Result]:
    """By its tool, whose seconds they are. A person's word on it goes no further than this call."""
    specs = {spec.name: spec for spec in offered(tools)}
    declined = state.declined and not specs[call.name].read_only
    state = replace(state.spending(framework_s=watch.lap()), granted="", declined=False)
    if declined:
        return state, _word(prompt.DECLINED.format(name=call.name))
    try:
        seen = tools.run(checked(call, specs), state.evidence)
        result, evidence = Result(seen.text, seen.short, worked=True, begun=True), seen.evidence
    except (Exception, SystemExit) as error:  # a tool may hold code that exits
        told = one_line(f"{type(error).__name__}: {error}", ERROR_CHARS)
        failed = prompt.TOOL_FAILED.format(name=call.name, error=told)
        result, evidence = Result(failed, failed, begun=True), state.evidence
    state = state.spending(tool_s=watch.lap())
    searched = state.searched or (result.worked and specs[call.name].informs)
    return replace(state, evidence=evidence, searched=searched), result


def _repeated(before: Result, state: State) -> Result:
    """A hint, and the result it had where that does not stand in the transcript any more: what a model reads twice it
    asks for a third time."""
    if any(before.text in message.text for message in state.messages):
        return _word(prompt.REPEATED)
    return Result(f"{before.text}\n{prompt.REPEATED}", before.short)


def _faulty(call: Call, reply: Reply, tools: Tools) -> Result | None:
    """A call that no tool can take, or that should not be taken as it is."""
    specs = {spec.name: spec for spec in offered(tools)}
    try:
        checked(call, specs)
    except KeyError:
        return _word(prompt.UNKNOWN_TOOL.format(name=call.name, usages=usages(offered(tools))))
    except ValueError as error:
        return _word(prompt.BAD_ARGUMENTS.format(name=call.name, reason=error, usage=specs[call.name].usage))
    if call.name == FINISH.name:
        return _word(prompt.FINISH_BESIDE)
    if not specs[call.name].read_only and cut_off(reply.message.response_metadata):
        return _word(prompt.CUT_OFF.format(name=call.name))
    return None


def _word(text: str) -> Result:
    return Result(text, text)
