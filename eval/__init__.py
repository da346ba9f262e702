"""Measures speed and answer quality of anything that can be called, and says how sure the figures are.

Quality: `load_questions`, `evaluate` -> `Report`. Speed: `warm_up`, `make_plan`, `measure_prefill` and
`measure_cycles` -> `Row`, `check_claims`. Records: `take_fingerprint`, `RunFile`. The metrics stand in
`eval.retrieval_metrics`, `eval.answer_metrics`, `eval.citation_metrics` and `eval.abstention`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eval.claims import Claim, check_claims
    from eval.cycle import CycleTiming
    from eval.cycles import measure_cycles
    from eval.evaluation import evaluate
    from eval.fingerprint import Fingerprint, take_fingerprint
    from eval.interval import Estimate
    from eval.plain import to_json
    from eval.plan import CycleShape, Plan, make_plan
    from eval.prefill import measure_prefill
    from eval.prompt import prompt_maker
    from eval.question import Question
    from eval.questions import load_questions
    from eval.report import QuestionRecord, Report, slices
    from eval.row import Row
    from eval.runfile import RunFile, read_questions, read_run
    from eval.warmup import Probe, warm_up

__all__ = [
    "Claim",
    "CycleShape",
    "CycleTiming",
    "Estimate",
    "Fingerprint",
    "Plan",
    "Probe",
    "Question",
    "QuestionRecord",
    "Report",
    "Row",
    "RunFile",
    "check_claims",
    "evaluate",
    "load_questions",
    "make_plan",
    "measure_cycles",
    "measure_prefill",
    "prompt_maker",
    "read_questions",
    "read_run",
    "slices",
    "take_fingerprint",
    "to_json",
    "warm_up",
]

_HOME = {
    "Claim": "claims",
    "CycleShape": "plan",
    "CycleTiming": "cycle",
    "Estimate": "interval",
    "Fingerprint": "fingerprint",
    "Plan": "plan",
    "Probe": "warmup",
    "Question": "question",
    "QuestionRecord": "report",
    "Report": "report",
    "Row": "row",
    "RunFile": "runfile",
    "check_claims": "claims",
    "evaluate": "evaluation",
    "load_questions": "questions",
    "make_plan": "plan",
    "measure_cycles": "cycles",
    "measure_prefill": "prefill",
    "prompt_maker": "prompt",
    "read_questions": "runfile",
    "read_run": "runfile",
    "slices": "report",
    "take_fingerprint": "fingerprint",
    "to_json": "plain",
    "warm_up": "warmup",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
