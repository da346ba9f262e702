"""Creating the tuned model on Ollama and proving what is in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inference.address import ollama_address
from inference.connection import TIMEOUT_S
from inference.errors import EngineError, GenerationError
from inference.gguf.file import whole_digest
from inference.ollama.api import OllamaApi
from inference.ollama.choice import find, missing
from inference.ollama.version import NEWER, too_old
from inference.runner import Runner
from inference.tuning.in_force import UNKNOWN, InForce, Verified, verify
from inference.tuning.plan import TuningPlan

__all__ = ["UNKNOWN", "InForce", "TuningResult", "apply_tuning"]


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What became of a plan."""

    tag: str
    verified: Verified
    replaced: bool = False
    """An earlier model of that name stood there."""

    @property
    def options(self) -> tuple[InForce, ...]:
        return self.verified.options

    @property
    def runner(self) -> Runner | None:
        return self.verified.runner

    @property
    def context_tokens(self) -> int | None:
        return self.verified.context_tokens

    @property
    def all_in_force(self) -> bool:
        """Nothing that was asked for was found to be otherwise, and the context was seen. What cannot be seen at a
        server elsewhere (a batch, a number of threads) is told as not known and is no failure."""
        checks = (*self.options, *self.verified.measured)
        return self.context_tokens is not None and all(check.status != "differs" for check in checks)

    @property
    def observed(self) -> tuple[tuple[str, str], ...]:
        """What is in force and is not the model's to set, or "not known"."""
        r, props, share = self.runner, self.verified.props, self.verified.card_share
        pairs = (
            ("on the card", None if share is None else f"{share:.0%}"),
            ("context", r and r.context),
            ("context of a slot", props and str(props.context_tokens)),
            ("slots", r and r.parallel),
            ("batch", r and r.batch),
            ("flash attention", r and r.flash_attention),
            ("key cache", r and (r.cache_type_k or "f16")),
            ("value cache", r and (r.cache_type_v or "f16")),
            ("threads", r and (r.threads or "as many as cores")),
            ("layers on the card", r and (r.gpu_layers or "as many as fit")),
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
    """Create `plan.tag`, load it, and read every option back. Pulls nothing. A new tag that cannot be loaded is
    deleted again, else it would be chosen by itself from then on.

    `on_status` gets the server's status lines, `on_sent` the bytes of a GGUF file sent so far. Raises
    EngineUnavailableError, ModelMissingError (the base is not installed), GenerationError (it could not be
    created, or not be loaded).
    """
    address = ollama_address(base_url)
    with OllamaApi(address, timeout_s=timeout_s) as api:
        if (old := too_old(api.version())) is not None:
            on_status(f"{old}; {NEWER}")
        replaced = find(plan.tag, api.installed()) is not None
        api.create({**_source(api, plan, on_status, on_sent), **_target(plan)}, on_status)
        try:
            on_status("loading it to see what is in force")
            _load(api, plan.tag, replaced=replaced)
            verified = verify(api, plan.tag, plan.options, timeout_s=timeout_s)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"{plan.tag} was created and is used from now on, though nothing of it was verified; `ollama rm"
                f" {plan.tag}` removes it"
            ) from None
    return TuningResult(tag=plan.tag, verified=verified, replaced=replaced)


def _load(api: OllamaApi, tag: str, *, replaced: bool) -> None:
    """A new tag that the server refuses to load is deleted. One that stood there before stays, to be tuned again, and
    so does any where the server was only busy, silent or gone."""
    try:
        api.load(tag)
    except GenerationError as error:
        if replaced or error.passing:
            raise
        said, step = f"{tag!r} was created and cannot be loaded ({error.message})", error.next_step
        try:
            api.delete(tag)
        except EngineError:
            raise GenerationError(said, next_step=f"delete it with `ollama rm {tag}`; {step}") from error
        raise GenerationError(f"{said}; it was deleted again", next_step=step) from error


def _target(plan: TuningPlan) -> dict[str, Any]:
    text = plan.text.request
    options = {option.name: option.value for option in plan.options}
    return {"model": plan.tag, **text, "parameters": {**options, **text.get("parameters", {})}}


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
