"""speedking tune: a model of our own on Ollama, and what is really in force afterwards."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from speedking.console import Terminal, clean
from speedking.engine import ollama_url
from speedking.settings import Settings

if TYPE_CHECKING:
    from inference import TuningPlan, TuningResult

NOT_DONE, NOT_IN_FORCE = 1, 5
NO_SERVER = "no Ollama server answers: nothing was created"


def run(*, settings: Settings, num_ctx: int | None, dry_run: bool, terminal: Terminal) -> int:
    """Pulls nothing. Without a server the Modelfile is printed, with the command that is next."""
    from inference import apply_tuning, plan_tuning

    address = ollama_url(settings)
    plan = plan_tuning(settings.model.value, num_ctx=num_ctx, base_url=address)
    show_plan(plan, terminal)
    if dry_run or not plan.server:
        if not plan.server:
            terminal.note(NO_SERVER)
        following = next_command(plan, num_ctx)
        terminal.note(f"next: {following}")
        if terminal.json_mode:
            missing = {"kind": "engine_unavailable", "message": NO_SERVER, "next_step": following}
            error = {} if dry_run else {"error": missing}
            terminal.json({**plan_json(plan), "created": False, "next_step": following, **error})
        return 0 if dry_run else NOT_DONE
    result = apply_tuning(
        plan,
        base_url=address,
        on_status=lambda status: terminal.note(f"  {clean(status)}"),
        timeout_s=settings.timeout_s,
    )
    if terminal.json_mode:
        terminal.json({**plan_json(plan), "created": True, **result_json(result)})
    else:
        show_result(result, terminal)
    return 0 if result.all_in_force else NOT_IN_FORCE


def next_command(plan: TuningPlan, num_ctx: int | None) -> str:
    if plan.server:
        context = "" if num_ctx is None else f" --num-ctx {num_ctx}"
        return f"speedking tune --model {shlex.quote(plan.base)}{context}"
    if plan.gguf is not None:
        return "start the server (ollama serve) and run this again"
    return f"start the server (ollama serve), get the base (ollama pull {plan.base}), and run this again"


def show_plan(plan: TuningPlan, terminal: Terminal) -> None:
    """The Modelfile, which says why each option has its value, and what is not set, and why."""
    terminal.show(f"{plan.tag}, from {plan.base}\n")
    for line in plan.modelfile.splitlines():
        terminal.show(f"    {line}")
    terminal.show()
    for name, why in plan.left_alone.items():
        terminal.show(f"  {name} is left alone: {why}")
    for note in plan.notes:
        terminal.show(f"  note: {note}")
    terminal.show()


def show_result(result: TuningResult, terminal: Terminal) -> None:
    terminal.show(f"created {result.tag}; in force now:")
    for option in result.options:
        terminal.show(
            f"  {option.name:<17} asked {option.requested}, {option.status}: {option.in_force} ({option.source})"
        )
    terminal.show("measured:")
    for check in result.verified.measured:
        terminal.show(f"  {check.requested}: {check.status}: {check.in_force}")
    terminal.show("the server's own process says:")
    for name, value in result.observed:
        terminal.show(f"  {name:<19} {value}")
    terminal.show('\nit is used from now on: speedking ask FOLDER "question"')


def plan_json(plan: TuningPlan) -> dict[str, Any]:
    from eval import to_json

    return {
        "tag": plan.tag,
        "base": plan.base,
        "modelfile": plan.modelfile,
        "options": to_json(plan.options),
        "notes": list(plan.notes),
    }


def result_json(result: TuningResult) -> dict[str, Any]:
    from eval import to_json

    return {
        "in_force": to_json(result.options),
        "measured": to_json(result.verified.measured),
        "card_share": result.verified.card_share,
        "all_in_force": result.all_in_force,
        "context_tokens": result.context_tokens,
        "runner": dict(result.observed),
    }
