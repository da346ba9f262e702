"""The choices for six described machines as Markdown, with their arithmetic: the table of docs/choice.md.

`python -m inference.choice.table` prints it; a test compares it with the document.
"""

from __future__ import annotations

from collections.abc import Iterator

from inference.choice.fit import Fit
from inference.choice.recommend import Candidate, Recommendation, recommend
from inference.hardware.described import parse_machine
from inference.hardware.machine import GIB

MACHINES = (
    ("12 GB card, 32 GB of main memory", "nvidia=12,ram=32"),
    ("16 GB card, 32 GB of main memory", "nvidia=16,ram=32"),
    ("24 GB card, 64 GB of main memory", "nvidia=24,ram=64"),
    ("32 GB card, 64 GB of main memory", "nvidia=32,ram=64"),
    ("Mac with 36 GB", "apple=36"),
    ("laptop with 16 GB, no card", "ram=16"),
)
CONTEXT_TOKENS = 16_384


def choice_table(context_tokens: int = CONTEXT_TOKENS) -> str:
    """Two tables: the choice with its sum, and what else there was."""
    found = [(name, text, recommend(parse_machine(text), context_tokens)) for name, text in MACHINES]
    return "\n".join([*_sums(found), "", *_rest(found)]) + "\n"


def _sums(found: list[tuple[str, str, Recommendation]]) -> Iterator[str]:
    yield "| machine | `--machine` | model | context | weights | KV | state | compute | kept free | together | memory |"
    yield "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for name, text, made in found:
        if made.choice is not None:
            yield f"| {name} | `{text}` | {made.choice.model.tag} | {' | '.join(_cells(made.choice.fit))} |"


def _cells(found: Fit) -> list[str]:
    need = found.need
    parts = (need.weights_bytes, need.kv_bytes, need.state_bytes, need.compute_bytes, need.overhead_bytes)
    sizes = [*parts, need.total_bytes, found.memory_bytes or 0]
    return [f"{found.num_ctx:,}", *(f"{size / GIB:.2f}" for size in sizes)]


def _rest(found: list[tuple[str, str, Recommendation]]) -> Iterator[str]:
    yield "| machine | where | batch | larger, and slower | why not the ones before it in the table |"
    yield "|---|---|---:|---|---|"
    for name, _, made in found:
        if made.choice is not None:
            larger = "" if made.alternative is None else f"{made.alternative.model.tag}: {made.alternative.why}"
            place = f"{made.choice.fit.place}, KV {made.choice.fit.cache_type}"
            yield f"| {name} | {place} | {made.choice.fit.batch:,} | {larger} | {'; '.join(_before(made))} |"


def _before(made: Recommendation) -> Iterator[str]:
    """What stands before the choice in the table, and why it was not taken."""
    for other in made.others:
        if not other.model.compared and _preferred(other, made):
            yield f"{other.model.tag}: {other.why}"


def _preferred(other: Candidate, made: Recommendation) -> bool:
    from inference.choice.catalog import models

    order = [model.tag for model in models()]
    return made.choice is not None and order.index(other.model.tag) < order.index(made.choice.model.tag)


if __name__ == "__main__":
    print(choice_table(), end="")
