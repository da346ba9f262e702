"""How a run of the agent ends: for a person, for a script, as an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speedking.agent_runs import RESUMABLE
from speedking.agent_shown import show_end, step_json
from speedking.answers import answer_json, exit_code, show_answer
from speedking.console import Terminal

if TYPE_CHECKING:
    from agents import AgentRun
    from speedking.engine import Choice

ERROR, CANCELLED = 1, 130
NEXT_STEPS = {
    "engine_error": "see that the server runs, and try again, or use --engine reader",
    "overflow": "allow fewer --cycles, or give the model more room: speedking tune --num-ctx 16384",
}
AGAIN = "run it again, with more --cycles, a longer --wall or another --model"
NOTHING = "the run ended before anything was found"
STOPPED = "the run was stopped before there was an answer"
UNWRITTEN = "the model wrote no answer in its last call: what follows is the passages' own, found without it"


@dataclass(frozen=True, slots=True)
class Ending:
    """`again` is the command that goes on with the run; `changes` are the calls that a person agreed to, as they are
    shown."""

    run: AgentRun
    choice: Choice
    again: str
    changes: tuple[str, ...] = ()

    @property
    def resumable(self) -> bool:
        return self.run.stop_reason in RESUMABLE

    @property
    def code(self) -> int:
        if self.run.stop_reason == "cancelled":
            return CANCELLED
        return ERROR if self._broke_off else exit_code(self.run.answer)

    def json(self) -> dict[str, Any]:
        run = self.run
        return {
            **answer_json(run.answer, self.choice),
            "answer": run.answer.text,
            "answered_by": None if self._broke_off else run.answer.engine,
            "stop_reason": run.stop_reason,
            "run_id": run.run_id,
            "steps": [step_json(step) for step in run.steps],
            "error": self._error() if run.error is not None or self._broke_off else None,
            "timings": run.timings,
        }

    def show(self, folder: Path, terminal: Terminal) -> None:
        show_end(self.run, terminal)
        if self.changes:
            terminal.show(f"you allowed: {'; '.join(self.changes)}\n")
        if not self._broke_off:
            if self._unwritten:
                terminal.note(UNWRITTEN)
            show_answer(self.run.answer, folder, terminal)
        elif self.resumable:  # what goes on with it is told in any case
            terminal.note(NEXT_STEPS.get(self.run.stop_reason, STOPPED))
        else:
            error = self._error()
            terminal.fail(error["message"], error["next_step"])

    @property
    def _broke_off(self) -> bool:
        """Without a verdict on what the documents say: the run failed, or it ended before anything was found."""
        answer, reason = self.run.answer, self.run.stop_reason
        nothing_found = answer.support is None and not answer.answerable and reason != "not_in_documents"
        return not answer.citations and (nothing_found or reason in RESUMABLE)

    @property
    def _unwritten(self) -> bool:
        return self.choice.connection is not None and self.run.answer.engine == "reader" and not self.resumable

    def _error(self) -> dict[str, str]:
        message, next_step = NOTHING, NEXT_STEPS.get(self.run.stop_reason, AGAIN)
        if self.run.stop_reason == "cancelled":
            message, next_step = STOPPED, f"go on with it: {self.again}"
        elif self.changes:
            next_step = f"first look at what was changed: {'; '.join(self.changes)}"
        return {"kind": self.run.stop_reason, "message": self.run.error or message, "next_step": next_step}
