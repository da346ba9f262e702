"""What `speedking tune` shows, and its JSON: the plan with its reasons, then what is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from speedking.console import Terminal

if TYPE_CHECKING:
    from inference import TuningPlan, TuningResult


def show_plan(plan: TuningPlan, terminal: Terminal) -> None:
    """The machine and the model with the sum of its memory, the Modelfile with a reason for each option, and what is
    not set, and why."""
    from inference.hardware.machine import GIB, describe

    terminal.show(f"machine: {describe(plan.hardware)}")
    terminal.show(f"{plan.tag}, from {plan.base}: {plan.why}")
    if plan.fit is not None:
        terminal.show(f"runs {plan.fit.place}:")
        for line in plan.fit.need.lines():
            terminal.show(f"    {line}")
        if plan.fit.memory_bytes is not None:
            terminal.show(f"    {'of':<20}{plan.fit.memory_bytes / GIB:>7.2f} GiB")
    terminal.show()
    for line in plan.modelfile.splitlines():
        terminal.show(f"    {line}")
    terminal.show()
    for name, why in plan.left_alone.items():
        terminal.show(f"  {name} is left alone: {why}")
    for note in plan.notes:
        terminal.show(f"  note: {note}")
    _show_better(plan, terminal)
    terminal.show()


def _show_better(plan: TuningPlan, terminal: Terminal) -> None:
    best = plan.recommended
    if plan.server and plan.better is not None:
        terminal.show(f"  better for this machine: {plan.better} (`speedking tune --model {plan.better} --pull`)")
    quantised = plan.fit is not None and plan.fit.cache_type != "f16"
    for name, value in best.environment if best is not None and quantised else ():
        terminal.show(f"  the server needs {name}={value} in its environment for this to fit")
    if not plan.server and best is not None and best.alternative is not None and plan.better is None:
        terminal.show(f"  larger, slower: {best.alternative.model.tag}: {best.alternative.why}")


def show_result(result: TuningResult, terminal: Terminal) -> None:
    earlier = ", in the place of an earlier one" if result.replaced else ""
    terminal.show(f"created {result.tag}{earlier}; in force now:")
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
    terminal.show(f"`ollama rm {result.tag}` removes it")


def plan_json(plan: TuningPlan) -> dict[str, Any]:
    from eval import to_json
    from inference.hardware.machine import describe
    from speedking.models_found import fit_json

    return {
        "tag": plan.tag,
        "base": plan.base,
        "modelfile": plan.modelfile,
        "options": to_json(plan.options),
        "machine": describe(plan.hardware),
        "why": plan.why,
        "fit": None if plan.fit is None else fit_json(plan.fit),
        "better": plan.better,
        "notes": list(plan.notes),
    }


def result_json(result: TuningResult) -> dict[str, Any]:
    from eval import to_json

    return {
        "in_force": to_json(result.options),
        "replaced": result.replaced,
        "measured": to_json(result.verified.measured),
        "card_share": result.verified.card_share,
        "all_in_force": result.all_in_force,
        "context_tokens": result.context_tokens,
        "runner": dict(result.observed),
    }
