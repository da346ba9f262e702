"""The plan for a tuned model: the model, its options and their reasons, the sum of its memory. Nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from inference.address import ServerAddress, ollama_address
from inference.choice.fit import Fit, fit, shape_of
from inference.choice.kv_cache import CacheType
from inference.choice.recommend import CACHE_TYPES, SMALLER_CONTEXTS, Recommendation, recommend
from inference.errors import ModelUnsuitableError, UsageError
from inference.hardware.machine import Hardware, probe_hardware
from inference.modelfile.parameters import TunedOption, modelfile
from inference.modelfile.text import ModelText
from inference.ollama.binary import server_process
from inference.ollama.choice import TUNED
from inference.purposes import Purpose
from inference.purposes import purpose as purpose_named
from inference.tuning.base import Base, base_of
from inference.tuning.options import LEFT_ALONE, asked_context, fitted_context, notes, options

__all__ = ["TunedOption", "TuningPlan", "plan_described", "plan_tuning"]


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """The created model's name `tag`, its options, and what to tell the person. `gguf` is set where the
    base is a file. `server` False: no server answered, so the base's own limits may be unknown."""

    base: str
    tag: str
    options: tuple[TunedOption, ...]
    gguf: Path | None = None
    server: bool = True
    notes: tuple[str, ...] = ()
    left_alone: Mapping[str, str] = field(default_factory=lambda: LEFT_ALONE)
    text: ModelText = field(default_factory=ModelText)
    """A system prompt, a template and what else is no option: of somebody's Modelfile that was mended."""
    hardware: Hardware = field(default_factory=Hardware.unknown)
    why: str = ""
    """Why this base."""
    fit: Fit | None = None
    """Where it runs, and the sum; None where nothing was summed up."""
    recommended: Recommendation | None = None

    @property
    def modelfile(self) -> str:
        return modelfile(str(self.gguf) if self.gguf else self.base, self.options)

    @property
    def num_ctx(self) -> int:
        """The planned context in tokens."""
        return next(int(option.value) for option in self.options if option.name == "num_ctx")

    @property
    def better(self) -> str | None:
        """The model of the table that suits the machine best, where it is another one than the base."""
        best = self.recommended.choice if self.recommended else None
        same = self.base if self.fit is None else self.fit.shape.tag
        return None if best is None or best.model.tag in (self.base, same) else best.model.tag


def plan_tuning(
    base: str | None = None,
    *,
    num_ctx: int | None = None,
    base_url: str | None = None,
    hardware: Hardware | None = None,
    purpose: str | Purpose = "rag",
    num_thread: int | None = None,
) -> TuningPlan:
    """Options for `base`: a tag on the server, a path of a GGUF file, or None to choose an installed one.

    `num_ctx` in tokens, else what the purpose wants as far as the model's training and the memory allow. `hardware`
    is the server's, else this machine's where the server runs on it, else unknown. Without a server the plan is made
    from what the file, the name or the table of models tells. Raises UsageError, ModelMissingError,
    ModelUnsuitableError; EngineUnavailableError where a base must be chosen and no server answers.
    """
    address, wanted = ollama_address(base_url), purpose_named(purpose)
    if hardware is None:
        hardware = probe_hardware() if address.local else Hardware.unknown()
    if num_thread is not None and hardware.cores is not None and num_thread > hardware.cores:
        raise UsageError(
            f"--num-thread is {num_thread}, and this machine has {hardware.cores} cores",
            next_step="threads that share a core hold each other up: give at most as many as there are cores",
        )
    kind = cache_type_of(address)
    recommended = recommend(hardware, wanted.context_tokens, cache_types=(kind,))
    found = base_of(address, base, recommended, hardware.card_bytes or hardware.ram_bytes)
    if num_ctx is None:
        placed = fitted_context(found.shape, hardware, wanted.context_tokens, kind)
    else:
        placed = fit(found.shape, hardware, _asked(found, num_ctx), kind)
    chosen = options(placed, wanted, asked=num_ctx is not None, num_thread=num_thread)
    return _planned(found, hardware, placed, tuple(chosen), recommended)


def plan_described(hardware: Hardware, *, purpose: str | Purpose = "rag", num_ctx: int | None = None) -> TuningPlan:
    """A plan for a machine that a person describes, with the recommended model. Raises ModelUnsuitableError where no
    model of the table fits it."""
    wanted = purpose_named(purpose)
    recommended = recommend(hardware, num_ctx or wanted.context_tokens)
    best = recommended.choice
    if best is None:
        raise ModelUnsuitableError(
            "; ".join(recommended.reasons),
            next_step="`speedking models --machine …` shows what each one needs",
        )
    found = Base(best.model.tag, shape_of(best.model), best.why, server=False)
    placed = best.fit
    if num_ctx is not None:
        placed = fit(found.shape, hardware, _asked(found, num_ctx), best.fit.cache_type)
    chosen = options(placed, wanted, asked=num_ctx is not None, num_thread=None)
    return _planned(found, hardware, placed, tuple(chosen), recommended)


def _asked(base: Base, num_ctx: int) -> int:
    return asked_context(num_ctx, base.shape.trained_context)


def _planned(
    base: Base, hardware: Hardware, placed: Fit, chosen: tuple[TunedOption, ...], recommended: Recommendation
) -> TuningPlan:
    name = base.gguf.stem if base.gguf else base.name
    if name.startswith(TUNED):
        raise UsageError(f"{name!r} is a tuned model already", next_step="name the model that it was made from")
    named = {option.name for option in chosen}
    return TuningPlan(
        base=base.name,
        tag=tag_for(name),
        options=chosen,
        gguf=base.gguf,
        server=base.server,
        notes=tuple(notes(placed, base.shape.trained_context)),
        left_alone={name: why for name, why in LEFT_ALONE.items() if name not in named},
        hardware=hardware,
        why=base.why,
        fit=placed if base.shape.size_bytes else None,
        recommended=recommended,
    )


def with_fit(plan: TuningPlan, base_url: str | None, hardware: Hardware | None = None) -> TuningPlan:
    """A plan whose options somebody else chose, with where it runs and the sum of its memory."""
    address = ollama_address(base_url)
    if hardware is None:
        hardware = probe_hardware() if address.local else Hardware.unknown()
    context = next((int(option.value) for option in plan.options if option.name == "num_ctx"), SMALLER_CONTEXTS[-1])
    found = base_of(address, plan.base, recommend(hardware, context), None)
    placed = fit(found.shape, hardware, context, cache_type_of(address))
    return replace(plan, fit=placed if found.shape.size_bytes else None, hardware=hardware)


def cache_type_of(address: ServerAddress) -> CacheType:
    """The type of the key-value cache that a server gives: by its own environment, else 16 bits, its default."""
    process = server_process(address)
    named = process.variable("OLLAMA_KV_CACHE_TYPE") if process else None
    return next((kind for kind in CACHE_TYPES if kind == named), "f16")


def tag_for(name: str) -> str:
    """The created model's name: speedking-<base>, in the characters Ollama allows."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower().removesuffix(":latest")).strip("-._")
    return f"{TUNED}{plain or 'model'}"[:80]
