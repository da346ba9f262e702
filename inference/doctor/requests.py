"""Checks that ask the model something short: is it loaded again and again, are long prompts cut, does it answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from inference.doctor.finding import Finding, fine, unknown
from inference.doctor.patient import OllamaView, Patient
from inference.errors import ToolCallError
from inference.purposes import RAG, THINKING_TOKENS
from inference.record import Generation, of
from inference.runner import Runner
from inference.tuning.in_force import RELOAD_S, counted_in_full

THOUGHT_QUESTION = "What is 17 times 23? Answer with the number."
SEARCH: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search the documents.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
}
CALL_WANTED = "When was the bridge built? Call search; do not answer without it."
CALL_STEP = "use a larger model for agents, or one whose template the server parses"
NO_RECORD = "the engine wrote no record"


def answered(patient: Patient, text: str = "hello", tokens: int = 1) -> Generation | None:
    """The record of one short answer."""
    return of(patient.connection.purposed(replace(RAG, num_predict=tokens)).chat.invoke(text))


def reloads(patient: Patient) -> list[Finding]:
    """Whether a request loads the model, and which option makes it."""
    view = patient.ollama
    if view is None:
        return []
    first = answered(patient)
    between = patient.runner_now()
    listed = view.running(patient.model) is not None
    second = answered(patient)
    if first is None or second is None or second.load_s is None:
        return [unknown("reloads", "the server does not say how long loading took")]
    evidence = f"load_duration of two requests in a row: {_ms(first.load_s)}, {_ms(second.load_s)}"
    if second.load_s >= RELOAD_S:
        cause, mend = _cause(view, between, patient.runner_now(), listed)
        return [Finding("reloads", "fault", f"every request loads the model again: {cause}", evidence, mend)]
    if (first.load_s or 0.0) >= RELOAD_S and (told := _replaced(view.runner, patient.runner_now())) is not None:
        return [
            Finding(
                "reloads",
                "advice",
                f"the model was there with other options ({told}) and had to be loaded again: another program asks for"
                " it so, and each change costs a loading",
                evidence,
                f"make the other program use the tag {patient.model} and send no load-time option (num_ctx, num_batch,"
                " num_gpu, num_thread)",
            )
        ]
    return [fine("reloads", "a second request loads nothing", evidence)]


def _replaced(before: Runner | None, now: Runner | None) -> str | None:
    """The options in which the runner that stood there before differs from the one of now; None where none did, or
    nothing can be seen."""
    if before is None or now is None or before.pid == now.pid:
        return None
    changed = [f"{name} {was or 'unset'} instead of {new or 'unset'}" for name, was, new in before.differences(now)]
    return ", ".join(changed) or None


def _cause(view: OllamaView, between: Runner | None, now: Runner | None, listed: bool) -> tuple[str, str]:
    """Why a model that was just used had to be loaded again."""
    if not listed:
        kept = view.process.variable("OLLAMA_KEEP_ALIVE") if view.process else None
        told = f"OLLAMA_KEEP_ALIVE is {kept}" if kept else "keep_alive is 0, or memory is short"
        return (
            f"it is unloaded right after each answer ({told})",
            "start the server with OLLAMA_KEEP_ALIVE=30m; `ollama ps` shows what else fills the memory",
        )
    if between is not None and now is not None:
        changed = ", ".join(f"{name} {a or 'unset'} to {b or 'unset'}" for name, a, b in between.differences(now))
        if changed:
            return f"{changed} between two requests of ours: another program asks in between", "stop the other program"
    return "the cause cannot be seen from here", "the server's log says why (`ollama serve` prints it)"


def truncation(patient: Patient) -> list[Finding]:
    """Whether a prompt that does not fit is refused, as it must be, or cut in silence."""
    if patient.ollama is None:
        return []
    check = counted_in_full(
        patient.connection.purposed(replace(RAG, num_predict=1)).chat, patient.connection.context_tokens
    )
    evidence = f"{check.requested}: {check.in_force}"
    if check.status == "in force":
        return [fine("long prompts", "refused with both numbers, never cut in silence", evidence)]
    return [
        Finding(
            "long prompts",
            "fault",
            "prompts that do not fit are cut in silence, often the question with them",
            evidence,
            "update Ollama; until then keep prompts short, or raise the context with `speedking tune --num-ctx`",
        )
    ]


def thinking(patient: Patient) -> Iterator[Finding]:
    """Whether what may be written is enough for the thoughts and an answer: as speedking asks with --think, and without
    it too, since of some models the thinking cannot be switched off."""
    connection = patient.connection
    if not connection.can_think:
        return
    for think, limit in ((False, RAG.num_predict), (True, _limit(patient))):
        check = f"thinking {'on' if think else 'off'}"
        message = connection.purposed(replace(RAG, think=think, num_predict=limit)).chat.invoke(THOUGHT_QUESTION)
        record = of(message)
        text, inside = str(message.content), patient.ollama is not None
        yield unknown(check, NO_RECORD) if record is None else _enough(check, record, text, limit, stored=inside)


def _enough(check: str, record: Generation, text: str, limit: int, *, stored: bool) -> Finding:
    evidence = f"{record.decode_tokens or 0:,} tokens written of {limit:,} allowed, done_reason {record.done_reason}"
    if record.done_reason == "length" and not text.strip():
        said = f"thinking used up all that may be written ({limit:,} tokens), and no answer was"
        mend = "choose a model that thinks less, or whose thinking can be switched off"
        mend += f"; for other programs `PARAMETER num_predict {4 * limit}` in the model" if stored else ""
        return Finding(check, "fault", said, evidence, mend)
    return fine(check, "an answer was written within the limit", evidence)


def tool_calls(patient: Patient) -> list[Finding]:
    """Whether a call comes as a call. That a server lists "tools" says only that the template takes them."""
    connection = patient.connection
    if not connection.tools:
        return [fine("tool calls", "the model takes no tools: agents hold it to a schema or read its text", "no tools")]
    asked = connection.purposed(replace(RAG, think=connection.thinking, num_predict=_limit(patient)))
    try:
        message = asked.chat.bind_tools([SEARCH]).invoke(CALL_WANTED)
    except ToolCallError as error:
        said = "the model writes calls that its server cannot read"
        return [Finding("tool calls", "advice", said, error.message, CALL_STEP)]
    text = " ".join(str(message.content).split())
    evidence = f"asked to call search, it wrote {text[:80]!r}" if text else "asked to call search, it called it"
    if message.tool_calls:
        return [fine("tool calls", "a call comes as a call", evidence)]
    said = "calls come as text" if SEARCH["function"]["name"] in text else "the model answers instead of calling"
    return [Finding("tool calls", "advice", f"{said}: an agent has to read and repair them", evidence, CALL_STEP)]


def _limit(patient: Patient) -> int:
    """The model's own num_predict, else what speedking allows a model that thinks."""
    stored = patient.ollama.shown.parameter("num_predict") if patient.ollama else None
    limit = int(stored) if stored and stored.isdecimal() and int(stored) > 0 else THINKING_TOKENS
    return min(limit, patient.connection.context_tokens // 2)


def _ms(seconds: float | None) -> str:
    return "not told" if seconds is None else f"{seconds * 1000:,.1f} ms"
