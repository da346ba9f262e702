"""The plan for a tuned model: options for a given base, each with its reason. Nothing is changed here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from inference.choice.kv_cache import cache_bytes_per_token
from inference.errors import EngineUnavailableError, UsageError
from inference.gguf.file import read_chat_model
from inference.modelfile.parameters import TunedOption, modelfile
from inference.modelfile.text import ModelText
from inference.ollama.address import OllamaAddress, ollama_address
from inference.ollama.api import OllamaApi
from inference.ollama.choice import TUNED, choose, find, missing, must_complete, must_run_there

__all__ = ["TunedOption", "TuningPlan", "plan_tuning"]

WANTED_CONTEXT = 16_384
LONG_PROMPT_CONTEXT = 12_288
"""Holds a prompt of 10,000 tokens and its answer."""
SMALLER_CONTEXTS = (LONG_PROMPT_CONTEXT, 8_192, 4_096)
LEAST_CONTEXT = 512
SPARE_BYTES = 1 << 30
"""Left for buffers and for everything else on the machine."""

LEFT_ALONE: Mapping[str, str] = {
    "flash attention": "no model option: the server's OLLAMA_FLASH_ATTENTION, and on by itself where supported",
    "num_batch": "the server picks 512 to 2,048 by context and memory; a fixed 512 halves it at 32K",
    "num_gpu": "set, it switches off the fitting that keeps experts in main memory and the rest on the card",
    "num_keep": "tokens kept from the start: near num_ctx it drops the end of a long prompt, the question",
    "num_thread": "the server counts the cores; set it only on a machine that is shared",
}
"""What other guides set and we do not, with the reason."""


@dataclass(frozen=True, slots=True)
class Base:
    """What is known of the model to tune. None or 0: not known."""

    size_bytes: int = 0
    trained_context: int | None = None
    cache_bytes_per_token: int = 0


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

    @property
    def modelfile(self) -> str:
        return modelfile(str(self.gguf) if self.gguf else self.base, self.options)

    @property
    def num_ctx(self) -> int:
        """The planned context in tokens."""
        return next(int(option.value) for option in self.options if option.name == "num_ctx")


def plan_tuning(
    base: str | None = None,
    *,
    num_ctx: int | None = None,
    base_url: str | None = None,
    memory_bytes: int | None = None,
) -> TuningPlan:
    """Options for `base`: a tag on the server, a path of a GGUF file, or None to choose an installed one.

    `num_ctx` in tokens, else 16,384 as far as the model's training and the memory allow. `memory_bytes`
    is for weights and cache together, else this machine's memory where the server runs on it. Without a
    server the plan is made from what the file or the name tells. Raises UsageError, ModelMissingError,
    ModelUnsuitableError; EngineUnavailableError where a base must be chosen and no server answers.
    """
    address = ollama_address(base_url)
    if memory_bytes is None and address.local:
        memory_bytes = psutil.virtual_memory().total
    gguf = Path(base).expanduser() if base and _is_file(base) else None
    if gguf is not None:
        file = read_chat_model(gguf.resolve())
        gguf, server = file.path, _answers(address)
        known = Base(file.size_bytes, file.trained_context, cache_bytes_per_token(file.number))
        name = gguf.stem
    else:
        name, known, server = _on_server(address, base, memory_bytes)
    if name.startswith(TUNED):
        raise UsageError(f"{name!r} is a tuned model already", next_step="name the model that it was made from")
    context = _context(known, num_ctx, memory_bytes)
    return TuningPlan(
        base=str(gguf) if gguf else name,
        tag=tag_for(name),
        options=_options(context),
        gguf=gguf,
        server=server,
        notes=_notes(int(context.value), known),
    )


def tag_for(name: str) -> str:
    """The created model's name: speedking-<base>, in the characters Ollama allows."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower().removesuffix(":latest")).strip("-._")
    return f"{TUNED}{plain or 'model'}"[:80]


def _is_file(base: str) -> bool:
    return base.lower().endswith(".gguf") or Path(base).expanduser().is_file()


def _answers(address: OllamaAddress) -> bool:
    try:
        with OllamaApi(address) as api:
            api.version()
    except EngineUnavailableError:
        return False
    return True


def _on_server(address: OllamaAddress, base: str | None, memory_bytes: int | None) -> tuple[str, Base, bool]:
    """The base's full name, what the server knows of it, and whether a server answered."""
    try:
        with OllamaApi(address) as api:
            api.version()
            installed = api.installed()
            name = base or choose(api, memory_bytes=memory_bytes, tuned=False).name
            entry = find(name, installed)
            if entry is None:
                raise missing(name, installed, address.shown)
            must_run_there(entry, address.shown)
            shown = api.show(entry.name)
            must_complete(entry.name, shown)
            per_token = cache_bytes_per_token(shown.number)
            return entry.name, Base(entry.size, shown.number("context_length"), per_token), True
    except EngineUnavailableError:
        if base is None:
            raise
        return base, Base(), False


def _context(known: Base, asked: int | None, memory_bytes: int | None) -> TunedOption:
    trained = known.trained_context
    if asked is not None:
        if asked < LEAST_CONTEXT or (trained and asked > trained):
            limit = f"{LEAST_CONTEXT} to {trained:,}" if trained else f"at least {LEAST_CONTEXT}"
            raise UsageError(f"--num-ctx is {asked:,}", next_step=f"this model takes {limit} tokens")
        return TunedOption("num_ctx", asked, "the context you asked for")
    for context in (WANTED_CONTEXT, *SMALLER_CONTEXTS):
        if trained and context > trained:
            continue
        needed = known.size_bytes + context * known.cache_bytes_per_token + SPARE_BYTES
        if memory_bytes is None or needed <= memory_bytes:
            return TunedOption("num_ctx", context, _why_context(context))
    smallest = min(SMALLER_CONTEXTS[-1], trained or SMALLER_CONTEXTS[-1])
    return TunedOption("num_ctx", smallest, "the least that is of use; memory is short for this model")


def _why_context(context: int) -> str:
    if context >= LONG_PROMPT_CONTEXT:
        return "room for a prompt of 10,000 tokens; left open, the server takes 4,096 below 23 GiB of card"
    return "as much as the model's training and the memory allow"


def _options(context: TunedOption) -> tuple[TunedOption, ...]:
    inherited = "set because the base's own value would be inherited"
    predict = min(2048, int(context.value) // 4)
    return (
        context,
        TunedOption("num_predict", predict, "an answer ends: left open, it may run to ten times the context"),
        TunedOption("temperature", 0.2, "answers from documents want the likeliest words; speedking asks for 0"),
        TunedOption("top_k", 20, f"few candidates at a low temperature; {inherited}"),
        TunedOption("top_p", 0.9, f"no far-fetched words; {inherited}"),
        TunedOption("presence_penalty", 0.0, f"a quote repeats the document's words; {inherited}"),
        TunedOption("repeat_penalty", 1.0, f"1 is off, for the same reason; {inherited}"),
    )


def _notes(context: int, known: Base) -> tuple[str, ...]:
    notes = []
    if context < LONG_PROMPT_CONTEXT:
        notes.append(f"a prompt of 10,000 tokens does not fit into {context:,}: that row is left out")
    if known.trained_context is None:
        notes.append("the context that the model was trained on is not known: no server told")
    return tuple(notes)
