"""What a model is asked for (coding, rag, creative, humor, agent), and how words are drawn for it: chosen per request.

Only what a running model takes with a request is sent, so changing the purpose never loads a model again. How
long a context a purpose would like is a wish: the context belongs to the model that is running.

Source of the ranges: the model card of Qwen3.5-35B-A3B under "Best Practices" (temperature, top_p, top_k,
presence_penalty: thinking 1.0, 0.95, 20, 1.5; thinking over precise code 0.6, 0.95, 20, 0; without thinking 0.7, 0.8,
20, 1.5; min_p 0 and repetition_penalty 1 throughout). min_p: Nguyen et al., arXiv 2407.01082. Where we leave the card
the purpose's reason says why. At temperature 0 top_k and top_p only break ties (between white space that a grammar
allows, say), so rag and agent have those that Ollama has by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, Self

from inference.errors import UsageError

LONG_PROMPT_CONTEXT = 12_288
"""Holds a prompt of 10,000 tokens and its answer."""
THINKING_TOKENS = 2_048
"""What a model may write that thinks first, thoughts included."""
SEED = 1
"""The same question, the same answer."""
ANEW = -1
"""Every answer is drawn anew: so reads Ollama, llama.cpp's server and vLLM a seed of -1."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """How words are drawn for one kind of work.

    `think` takes effect where the model can think. `num_predict` is the longest answer in tokens, thoughts
    included. `context_tokens` is the context it works well with: read by `tune` and by whoever packs a prompt, never
    sent. Raises UsageError for a value that no engine takes.
    """

    name: str
    temperature: float
    top_p: float
    top_k: int
    presence_penalty: float
    repeat_penalty: float
    think: bool
    num_predict: int
    context_tokens: int
    reason: str
    min_p: float = 0.0
    seed: int = SEED

    def __post_init__(self) -> None:
        for field, least, most in _RANGES:
            value = getattr(self, field)
            if not least <= value <= most:
                limits = f"{least:g} to {most:g}" if most < _NO_LIMIT else f"at least {least:g}"
                raise UsageError(
                    f"the purpose {self.name!r} has {field} {value}", next_step=f"give {field} as {limits}"
                )


_NO_LIMIT = float("inf")
_RANGES = (
    ("temperature", 0, 2),
    ("top_p", 0, 1),
    ("min_p", 0, 1),
    ("top_k", 0, _NO_LIMIT),
    ("presence_penalty", -2, 2),
    ("repeat_penalty", 0.1, 2),
    ("num_predict", 1, _NO_LIMIT),
    ("context_tokens", 1, _NO_LIMIT),
)

_TABLE = (
    Purpose(
        "coding",
        temperature=0.2,
        top_p=0.95,
        top_k=20,
        presence_penalty=0.0,
        repeat_penalty=1.0,
        think=False,
        num_predict=4_096,
        context_tokens=32_768,
        reason="a program has few right next words, and repeats its names, so nothing is penalised; a little room, "
        "else a wrong turn is taken every time",
    ),
    Purpose(
        "rag",
        temperature=0.0,
        top_p=0.9,
        top_k=40,
        presence_penalty=0.0,
        repeat_penalty=1.0,
        think=False,
        num_predict=512,
        context_tokens=16_384,
        reason="the likeliest word each time: an answer from documents is checked word by word and must come out the "
        "same again; a penalty would bend a quote away from the document's own words",
    ),
    Purpose(
        "creative",
        temperature=0.8,
        top_p=0.95,
        top_k=40,
        presence_penalty=0.5,
        repeat_penalty=1.0,
        think=False,
        num_predict=2_048,
        context_tokens=8_192,
        reason="more words to choose from, and words that were used a little less likely; min_p drops what the "
        "temperature lifts out of nonsense",
        min_p=0.05,
        seed=ANEW,
    ),
    Purpose(
        "humor",
        temperature=1.0,
        top_p=0.95,
        top_k=40,
        presence_penalty=1.0,
        repeat_penalty=1.0,
        think=False,
        num_predict=512,
        context_tokens=4_096,
        reason="a joke lives on the unlikely word, and told twice it is none",
        min_p=0.05,
        seed=ANEW,
    ),
    Purpose(
        "agent",
        temperature=0.0,
        top_p=0.9,
        top_k=40,
        presence_penalty=0.0,
        repeat_penalty=1.0,
        think=False,
        num_predict=512,
        context_tokens=16_384,
        reason="a call must be spelled exactly, and a run that can be repeated can be mended; a penalty would punish "
        "the names and brackets that every call has",
    ),
)
PURPOSES: Mapping[str, Purpose] = MappingProxyType({purpose.name: purpose for purpose in _TABLE})
RAG = PURPOSES["rag"]
"""Where nobody names a purpose."""


class PurposedChat(Protocol):
    """What a chat model of an engine does, so that `Connection.purposed` works on it."""

    def purposed(self, purpose: Purpose, *, thinking: bool) -> Self:
        """The same loaded model asked with `request_options(purpose)`; `thinking` only where it can."""


def purpose(name: str | Purpose) -> Purpose:
    """A purpose by its name; one that is made already comes back as it is. Raises UsageError with the names."""
    if isinstance(name, Purpose):
        return name
    if name not in PURPOSES:
        raise UsageError(f"there is no purpose {name!r}", next_step=f"use one of: {', '.join(PURPOSES)}")
    return PURPOSES[name]


def request_options(purpose: Purpose) -> Mapping[str, float | int]:
    """What of a purpose goes with a request, under Ollama's names; llama.cpp's server takes the same but for
    num_predict (max_tokens). All of it is sent, else the model's own values would act: a tag of Qwen 3.5 brings a
    presence_penalty of 1.5. None is a load-time option, which would load the model again."""
    return {
        "temperature": purpose.temperature,
        "top_p": purpose.top_p,
        "top_k": purpose.top_k,
        "min_p": purpose.min_p,
        "presence_penalty": purpose.presence_penalty,
        "repeat_penalty": purpose.repeat_penalty,
        "num_predict": purpose.num_predict,
        "seed": purpose.seed,
    }
