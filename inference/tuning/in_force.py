"""Whether a created model's options are really in force: read back, measured, and seen on the runner's command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.errors import ContextOverflowError
from inference.modelfile.parameters import LOAD_TIME, TunedOption
from inference.ollama.api import OllamaApi
from inference.ollama.connect import loaded_context
from inference.ollama.runner import find_runner
from inference.ollama.running import running_entry
from inference.ollama.types import Shown
from inference.runner import Props, Runner, props_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Status = Literal["in force", "differs", "not known"]
UNKNOWN = "not known"
RELOAD_S = 0.1
"""A request that loads nothing reports 0.5 to 4 ms for it; loading a model of 40 MB took 260 ms."""
WORD = " one"
"""One token in every large vocabulary, so a prompt of N has at least N tokens."""


@dataclass(frozen=True, slots=True)
class InForce:
    """One thing that was asked of a model, and what was found. `requested` as it was asked for, in words where it is
    no option; `in_force` as read, UNKNOWN where it cannot be seen; `source` is where it was read."""

    name: str
    requested: int | float | bool | str
    in_force: str
    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A loaded model: its options one by one, what was measured, its context in tokens, the share of it on a card (0
    to 1), and the server's own child process where it could be looked at."""

    options: tuple[InForce, ...]
    measured: tuple[InForce, ...]
    context_tokens: int | None
    card_share: float | None
    runner: Runner | None
    props: Props | None


def verify(api: OllamaApi, model: str, options: Sequence[TunedOption], *, timeout_s: float) -> Verified:
    """Look at a model that is loaded. Costs two answers of one token and one prompt that is only counted."""
    shown = api.show(model)
    context = loaded_context(api, model, shown)
    runner = find_runner(api.address, shown.weights)
    entry = running_entry(api, model, shown.weights)
    return Verified(
        options=tuple(_option(option, shown, context, runner) for option in options),
        measured=tuple(_measured(api, model, context, timeout_s)),
        context_tokens=context,
        card_share=entry.card_share if entry else None,
        runner=runner,
        props=None if runner is None else props_of(runner),
    )


def _option(option: TunedOption, shown: Shown, context: int | None, runner: Runner | None) -> InForce:
    """The context as the loaded model has it, what the runner shows from its command line, a run-time option as it is
    stored. A load-time option that the runner does not show is not known: that it is stored proves nothing."""
    name, found, source = option.name, None, "the runner's command line"
    if name == "num_ctx":
        found, source = (None if context is None else str(context)), "loaded model"
    elif name in _ON_COMMAND_LINE:
        found = None if runner is None else getattr(runner, _ON_COMMAND_LINE[name])
    elif name not in LOAD_TIME:
        found, source = shown.parameter(name), "stored in the model"
    return InForce(name, option.value, found or UNKNOWN, _status(option.value, found), source)


_ON_COMMAND_LINE = {
    "num_batch": "batch",
    "num_gpu": "gpu_layers",
    "num_thread": "threads",
    "main_gpu": "main_gpu",
    "num_keep": "keep",
}


def _status(requested: float | bool | str, found: str | None) -> Status:
    if found is None:
        return "not known"
    try:
        return "in force" if float(found) == float(requested) else "differs"
    except ValueError:
        return "in force" if found.lower() == str(requested).lower() else "differs"


def _measured(api: OllamaApi, model: str, context: int | None, timeout_s: float) -> list[InForce]:
    from inference.ollama.chat import ollama_chat
    from inference.token_estimate import TokenEstimate

    chat = ollama_chat(
        api.address, model, think=False, max_output_tokens=1, timeout_s=timeout_s, estimate=TokenEstimate()
    )
    found = [_no_reload(chat)]
    return found if context is None else [*found, counted_in_full(chat, context)]


def _no_reload(chat: BaseChatModel) -> InForce:
    from inference.record import of

    chat.invoke("hello")
    record = of(chat.invoke("hello"))
    load_s = None if record is None else record.load_s
    said = UNKNOWN if load_s is None else f"{load_s * 1000:.1f} ms of loading"
    status: Status = "not known" if load_s is None else "in force" if load_s < RELOAD_S else "differs"
    return InForce("no reload", "a second request loads nothing", said, status, "load_duration of a second request")


def counted_in_full(chat: BaseChatModel, context: int) -> InForce:
    """A prompt that cannot fit is refused with the number of its tokens and the context: it is counted in full, nothing
    of it is dropped in silence, and not a token of it is computed."""
    words = context + context // 8
    asked = f"a prompt of {words:,} words is refused by a context of {context:,}"
    source = "the server's refusal"
    try:
        chat.invoke(WORD * words)
    except ContextOverflowError as refusal:
        said = f"{refusal.prompt_tokens:,} tokens refused by a context of {refusal.context_tokens:,}"
        right = refusal.prompt_tokens >= words and refusal.context_tokens == context
        return InForce("prompts counted in full", asked, said, "in force" if right else "differs", source)
    said = "it was answered: the server cuts long prompts and says nothing"
    return InForce("prompts counted in full", asked, said, "differs", source)
