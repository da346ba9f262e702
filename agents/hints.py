"""What a call is answered with that was made before: where it leads on, else a small model asks the same again."""

from __future__ import annotations

from agents import prompt
from agents.fixed.bridge import leads, next_query
from agents.repeats import Result
from agents.state import State
from agents.tools.call import Call
from agents.tools.search import SEARCH
from agents.tools.shown import one_line, quoted

MOST_QUERIES = 4


def repeated(call: Call, before: Result, state: State) -> Result:
    """A hint, and the result it had where that does not stand in the transcript any more: what a model reads twice it
    asks for a third time."""
    hint = prompt.REPEATED
    if call.name == SEARCH.name and (queries := untried(state)):
        hint = prompt.SEARCHED.format(query=quoted(queries[0]))
    if any(before.text in message.text for message in state.messages):
        return Result(hint, hint)
    return Result(f"{before.text}\n{hint}", before.short)


def untried(state: State) -> tuple[str, ...]:
    """Queries of names in the task or in what was found that no search of the run had in it, the most promising
    first."""
    if not state.evidence.passages:
        return ()
    made = [call for step in state.steps for call in step.calls if call.name == SEARCH.name]
    asked = [str(call.arguments.get("query", "")) for call in made]
    before = " ".join(asked).lower()
    query = next_query(state.task, state.evidence.passages, asked)
    names = [name for name in leads(state.task, state.evidence.passages) if name.lower() not in before]
    queries = dict.fromkeys([*([query] if query else []), *names])
    return tuple(one_line(query) for query in queries)[:MOST_QUERIES]
