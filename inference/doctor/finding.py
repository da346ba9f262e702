"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["fault", "advice", "fine", "not known"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `check` names it, `said` is what is the case, `evidence` the figures and where they were read, `mend` the one
    command (or setting) that changes it, None where nothing is to be done. A "fault" costs speed or answers now;
    "advice" may; "not known" could not be seen, and is never taken for fine.
    """

    check: str
    severity: Severity
    said: str
    evidence: str
    mend: str | None = None


def fine(check: str, said: str, evidence: str) -> Finding:
    return Finding(check, "fine", said, evidence)


def unknown(check: str, why: str) -> Finding:
    return Finding(check, "not known", "not known", why)
