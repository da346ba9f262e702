"""speedking tune: a model of our own on Ollama, and what is really in force afterwards."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.errors import ModelMissingError, ModelUnsuitableError
from speedking.console import Terminal, clean
from speedking.engine import ollama_url
from speedking.settings import Settings
from speedking.tune_shown import plan_json, result_json, show_plan, show_result

if TYPE_CHECKING:
    from inference import TuningPlan
    from inference.address import ServerAddress

NOT_DONE, NOT_IN_FORCE = 1, 5
NO_SERVER = "no Ollama server answers: nothing was created"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for. `machine` describes one that is not this; `pull` says yes to a download."""

    num_ctx: int | None = None
    num_thread: int | None = None
    purpose: str = "rag"
    machine: str | None = None
    pull: bool = False
    dry_run: bool = False

    @property
    def flags(self) -> str:
        """As they were typed, for a command that is to be run next."""
        given = (("--num-ctx", self.num_ctx), ("--num-thread", self.num_thread))
        purpose = "" if self.purpose == "rag" else f" --purpose {self.purpose}"
        return "".join(f" {name} {value}" for name, value in given if value is not None) + purpose


def run(*, settings: Settings, wish: Wish, terminal: Terminal) -> int:
    """Downloads only what the person agreed to. Without a server the Modelfile is printed, with the command that is
    next."""
    from inference import apply_tuning

    address = ollama_url(settings)
    plan = _plan(settings, wish, terminal)
    show_plan(plan, terminal)
    if wish.dry_run or wish.machine or not plan.server:
        return _planned_only(plan, wish, terminal)
    must_fit(plan)
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


def _plan(settings: Settings, wish: Wish, terminal: Terminal) -> TuningPlan:
    """With a download before it, where the model is not there and the person wants it."""
    from inference import plan_described, plan_tuning
    from inference.address import ollama_address
    from inference.hardware.described import parse_machine
    from speedking.pulling import agreed, download

    if wish.machine is not None:
        return plan_described(parse_machine(wish.machine), purpose=wish.purpose, num_ctx=wish.num_ctx)

    def planned(model: str | None) -> TuningPlan:
        return plan_tuning(
            model,
            num_ctx=wish.num_ctx,
            base_url=ollama_url(settings),
            purpose=wish.purpose,
            num_thread=wish.num_thread,
        )

    wanted = settings.model.value
    server = ollama_address(ollama_url(settings))
    try:
        plan = planned(wanted)
        better = plan.better if wanted is None else None
        if better is None or not plan.server or not agreed(better, terminal, asked_for=wish.pull):
            return plan
        wanted = better
    except ModelMissingError as error:
        wanted = wanted or _recommended(server, wish.purpose)
        if wanted is None or not agreed(wanted, terminal, asked_for=wish.pull):
            if wanted is not None:
                error.next_step = f"`speedking tune --model {shlex.quote(wanted)} --pull` gets it; or name another"
            raise
    download(wanted, server, settings.timeout_s, terminal)
    return planned(wanted)


def must_fit(plan: TuningPlan) -> None:
    """Raises ModelUnsuitableError for what would swap, or not load at all."""
    from inference.hardware.machine import GIB

    found = plan.fit
    if found is not None and found.place == "does not fit":
        raise ModelUnsuitableError(
            f"{plan.base!r} with {found.num_ctx:,} tokens of context needs {found.need.total_bytes / GIB:.1f} GiB, and"
            f" this machine has {(found.memory_bytes or 0) / GIB:.1f}: nothing was created",
            next_step="take a smaller --num-ctx, or a model that fits: `speedking models`",
        )


def _recommended(server: ServerAddress, purpose: str) -> str | None:
    """For a server without a model."""
    from inference.choice.recommend import recommend
    from inference.hardware.machine import probe_hardware
    from inference.purposes import purpose as purpose_named

    best = recommend(probe_hardware(), purpose_named(purpose).context_tokens).choice if server.local else None
    return best.model.tag if best else None


def _planned_only(plan: TuningPlan, wish: Wish, terminal: Terminal) -> int:
    """A dry run, a described machine, or no server to create anything on."""
    wanted = wish.dry_run or wish.machine is not None
    if not wanted:
        terminal.note(NO_SERVER)
    following = next_command(plan, wish)
    terminal.note(f"next: {following}")
    if terminal.json_mode:
        missing = {"kind": "engine_unavailable", "message": NO_SERVER, "next_step": following}
        error = {} if wanted else {"error": missing}
        terminal.json({**plan_json(plan), "created": False, "next_step": following, **error})
    return 0 if wanted else NOT_DONE


def next_command(plan: TuningPlan, wish: Wish) -> str:
    again = f"speedking tune --model {shlex.quote(plan.base)}{wish.flags}"
    if plan.server:
        return again
    if wish.machine is not None:
        return f"on that machine: {again} --pull"
    if plan.gguf is not None:
        return "start the server (ollama serve) and run this again"
    return f"start the server (ollama serve), get the base (ollama pull {plan.base}), and run this again"
