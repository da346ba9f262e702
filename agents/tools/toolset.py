"""The tools of one run, whoever they are made by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from agents.evidence import Evidence
from agents.tools.call import Call, Observation
from agents.tools.finish import FINISH
from agents.tools.spec import ToolSpec


class Tools(Protocol):
    """The tools of one run. `finish` is the loop's own: it is not among `specs`."""

    @property
    def specs(self) -> Sequence[ToolSpec]: ...

    def run(self, call: Call, evidence: Evidence) -> Observation:
        """Carry out a call whose name and arguments were checked. What it raises becomes an observation."""
        ...


def offered(tools: Tools) -> tuple[ToolSpec, ...]:
    """All that a policy may call."""
    return (*tools.specs, FINISH)
