"""One call of a tool, and what it brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.evidence import Evidence

LEFT_OUT = "(left out to save room)"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool, as the policy asked for it."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a call brought: the `text` the model reads, and the evidence with what was found added.

    `short` takes the place of `text` in the transcript when room is needed.
    """

    text: str
    evidence: Evidence
    short: str = LEFT_OUT
