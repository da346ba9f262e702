"""Creating the tuned model on Ollama and reading back what is in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from inference.connection import TIMEOUT_S
from inference.errors import EngineError, GenerationError
from inference.gguf_file import whole_digest
from inference.modelfile import TunedOption
from inference.ollama_address import ollama_address
from inference.ollama_api import OllamaApi
from inference.ollama_choice import find, missing
from inference.ollama_connect import loaded_context
from inference.ollama_types import Shown
from inference.runner import Runner, find_runner
from inference.tuning import TuningPlan

Status = Literal["in force", "differs", "not known"]
UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class InForce:
    """One option after the model was created and loaded. `in_force` as read back, with where it was read
    in `source`: "loaded model" (/api/ps) or "stored in the model" (/api/show)."""

    name: str
    requested: int | float
    in_force: str
    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What became of a plan. `runner` is the server's own child process where it could be looked at."""

    tag: str
    options: tuple[InForce, ...]
    context_tokens: int | None
    runner: Runner | None

    @property
    def all_in_force(self) -> bool:
        return all(option.status == "in force" for option in self.options)

    @property
    def observed(self) -> tuple[tuple[str, str], ...]:
        """What the runner's command line says of things that are not the model's to set, or "not known"."""
        r = self.runner
        pairs = (
            ("context", r and r.context),
            ("batch", r and r.batch),
            ("flash attention", r and r.flash_attention),
            ("key cache", r and r.cache_type_k),
            ("value cache", r and r.cache_type_v),
            ("threads", r and r.threads),
            ("layers on the card", r and r.gpu_layers),
        )
        return tuple((name, value or UNKNOWN) for name, value in pairs)


def apply_tuning(
    plan: TuningPlan,
    *,
    base_url: str | None = None,
    on_status: Callable[[str], None] = lambda _status: None,
    on_sent: Callable[[int], None] = lambda _sent: None,
    timeout_s: float = TIMEOUT_S,
) -> TuningResult:
    """Create `plan.tag`, load it, and read every option back. Pulls nothing. A tag that cannot be loaded is
    deleted again, else it would be chosen by itself from then on.

    `on_status` gets the server's status lines, `on_sent` the bytes of a GGUF file sent so far. Raises
    EngineUnavailableError, ModelMissingError (the base is not installed), GenerationError (it could not be
    created, or not be loaded).
    """
    address = ollama_address(base_url)
    with OllamaApi(address, timeout_s=timeout_s) as api:
        api.version()
        api.create({**_source(api, plan, on_status, on_sent), **_target(plan)}, on_status)
        shown = api.show(plan.tag)
        on_status("loading it to see what is in force")
        _load(api, plan.tag)
        context = loaded_context(api, f"{plan.tag}:latest", shown)
        runner = find_runner(address, shown.weights)
    options = tuple(_read_back(option, shown, context) for option in plan.options)
    return TuningResult(tag=plan.tag, options=options, context_tokens=context, runner=runner)


def _load(api: OllamaApi, tag: str) -> None:
    try:
        api.load(tag)
    except EngineError as error:
        said, step = f"{tag!r} was created and cannot be loaded ({error.message})", error.next_step
        try:
            api.delete(tag)
        except EngineError:
            raise GenerationError(said, next_step=f"delete it with `ollama rm {tag}`; {step}") from error
        raise GenerationError(f"{said}; it was deleted again", next_step=step) from error


def _target(plan: TuningPlan) -> dict[str, Any]:
    return {"model": plan.tag, "parameters": {option.name: option.value for option in plan.options}}


def _source(
    api: OllamaApi, plan: TuningPlan, on_status: Callable[[str], None], on_sent: Callable[[int], None]
) -> dict[str, Any]:
    """The part of the request that names the base."""
    if plan.gguf is None:
        installed = api.installed()
        if find(plan.base, installed) is None:
            raise missing(plan.base, installed, api.address.shown)
        return {"from": plan.base}
    on_status(f"reading {plan.gguf.name}")
    digest = whole_digest(plan.gguf)
    if not api.has_blob(digest):
        on_status(f"sending {plan.gguf.name}")
        api.upload_blob(digest, plan.gguf, on_sent)
    return {"files": {plan.gguf.name: f"sha256:{digest}"}}


def _read_back(option: TunedOption, shown: Shown, context: int | None) -> InForce:
    loaded = option.name == "num_ctx"
    found = (None if context is None else str(context)) if loaded else shown.parameter(option.name)
    source = "loaded model" if loaded else "stored in the model"
    return InForce(option.name, option.value, found or UNKNOWN, _status(option.value, found), source)


def _status(requested: float, found: str | None) -> Status:
    if found is None:
        return "not known"
    try:
        return "in force" if float(found) == float(requested) else "differs"
    except ValueError:
        return "differs"
