"""Rules of the linter: how words are drawn and when writing ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from inference.modelfile.findings import Draft, LintFinding, number

LONGEST_ANSWER = 2_048
OPEN_END = 10
"""A writing that is left open ends at so many contexts (llm/llama_server.go)."""
_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "temperature": (0, 2),
        "top_p": (0, 1),
        "min_p": (0, 1),
        "typical_p": (0, 1),
        "top_k": (0, 1_000_000),
        "repeat_penalty": (0.5, 2),
        "presence_penalty": (-2, 2),
        "frequency_penalty": (-2, 2),
        "repeat_last_n": (-1, 1_000_000),
    }
)
NEUTRAL: Mapping[str, float] = MappingProxyType({"presence_penalty": 0, "frequency_penalty": 0, "repeat_penalty": 1})
_PENALTY = "a penalty on words that were used bends quotes, code and calls of tools, which repeat by their nature"
_UNPINNED: Mapping[str, str] = MappingProxyType(
    {**{name: f"{value:g}" for name, value in NEUTRAL.items()}, "num_gpu": "-1", "num_thread": "0", "num_keep": "4"}
)
"""What takes an inherited value back; everything else is written down with the base's own."""
_LEFT = frozenset({"stop", "num_predict", "num_batch"})
"""Base values that are no business of `inherited`: kept, judged elsewhere, or impossible to take back."""


def longest_answer(context_tokens: int | None) -> int:
    """A quarter of the context, at most 2,048 tokens."""
    return min(LONGEST_ANSWER, context_tokens // 4) if context_tokens else LONGEST_ANSWER


def length(draft: Draft) -> Iterator[LintFinding]:
    """num_predict: left open, or longer than what it is written into."""
    line, limit, context = draft.parameter("num_predict"), draft.value("num_predict"), draft.context()
    mended = f"PARAMETER num_predict {longest_answer(context)}"
    if limit is None or limit <= 0:
        end = f"after {OPEN_END * context:,} tokens" if context else f"after {OPEN_END} contexts"
        said = "no num_predict" if line is None else f"num_predict {limit:g}"
        found = draft.find(
            line or draft.last("from"),
            "harmful",
            evidence=f"{said}: the server ends a writing {end}",
            reason="a model that rambles, or thinks in circles, holds the machine for minutes",
            **({"added": [mended]} if line is None else {"mended": mended}),
        )
        yield found
    elif line is not None and context is not None and limit > context:
        yield draft.find(
            line,
            "harmful",
            evidence=f"{limit:,.0f} tokens of answer, {context:,} of context for prompt and answer together",
            reason="what was asked is pushed out while the answer is written",
            mended=mended,
        )


def out_of_range(draft: Draft) -> Iterator[LintFinding]:
    for name, (least, most) in _RANGES.items():
        line = draft.parameter(name)
        value = number(line.argument) if line else None
        if line is not None and value is not None and not least <= value <= most:
            yield draft.find(
                line,
                "harmful",
                evidence=f"{name} goes from {least:g} to {most:g}",
                reason="stored as it is, and the words that come out are noise or always the same",
                mended=None,
            )


def greedy_with_penalty(draft: Draft) -> Iterator[LintFinding]:
    """At temperature 0 the likeliest word is taken; a penalty takes another one in its place."""
    if draft.value("temperature") != 0:
        return
    for name, neutral in NEUTRAL.items():
        line, value = draft.parameter(name), draft.value(name)
        if line is not None and value is not None and value != neutral:
            yield draft.find(
                line,
                "harmful",
                evidence=f"temperature 0 and {name} {value:g}",
                reason=f"the likeliest word is asked for and then not taken: {_PENALTY}",
                mended=f"PARAMETER {name} {neutral:g}",
            )


def inherited(draft: Draft) -> Iterator[LintFinding]:
    """Values that the base brings along and that stand nowhere in the file: written down, a penalty taken back."""
    origin = "as /api/show has it" if draft.base.installed else "as its family in the library has it"
    for name, value in dict(draft.base.parameters).items():
        ours = any(line.name == name for line in (*draft.spoken, *draft.added))
        if ours or name in _LEFT or number(value) is None:
            continue
        pinned = _UNPINNED.get(name, value)
        same = number(pinned) == number(value)
        yield draft.find(
            draft.last("from"),
            "inherited",
            evidence=f"{draft.base.name} brings {name} {value} along, {origin}",
            reason="written down, so that the file says what is in force" if same else _why_back(name),
            added=[f"PARAMETER {name} {pinned}"],
        )


def _why_back(name: str) -> str:
    return f"taken back: {_PENALTY}" if name in NEUTRAL else "taken back to what the server does by itself"


def stops_lost(draft: Draft) -> Iterator[LintFinding]:
    """A `stop` of one's own replaces the base's, where the model's marks of an end stand."""
    lines = draft.all("parameter", "stop")
    own = {line.argument for line in lines}
    lost = [value for name, value in draft.base.parameters if name == "stop" and value not in own]
    if lines and lost:
        yield draft.find(
            lines[-1],
            "harmful",
            evidence=f"{draft.base.name} stops at {', '.join(lost)}; a stop of the file replaces them all",
            reason="the model would write on behind its own mark of an end",
            added=[f"PARAMETER stop {value}" for value in lost],
        )


RULES = (length, out_of_range, greedy_with_penalty, stops_lost, inherited)
