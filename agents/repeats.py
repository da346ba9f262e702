"""Which calls were made before, and what they brought."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.tools.call import Call


def key(call: Call) -> str:
    """Equal for calls of the same tool with the same arguments, in whatever order."""
    return json.dumps([call.name, dict(call.arguments)], sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Result:
    """What the policy is told of a call, its short form, and whether a tool did its work: what failed may be tried
    again."""

    text: str
    short: str
    worked: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    name: str
    times: int
    result: Result | None


@dataclass(frozen=True, slots=True)
class CallLog:
    """Every call of the run with how often it was asked for; `plus` returns a new log."""

    made: Mapping[str, Made] = field(default_factory=dict)

    def times(self, call: Call) -> int:
        found = self.made.get(key(call))
        return found.times if found else 0

    def result(self, call: Call) -> Result | None:
        """What it brought when it first worked; None where it never did."""
        found = self.made.get(key(call))
        return found.result if found else None

    def repeated(self, name: str) -> int:
        """How many calls of that tool were asked for more than once."""
        return sum(one.name == name and one.times > 1 for one in self.made.values())

    def plus(self, call: Call, result: Result) -> CallLog:
        """Counted once more; the result of the first time that it worked stays."""
        before = self.made.get(key(call), Made(call.name, 0, None))
        kept = result if before.result is None and result.worked else before.result
        return CallLog({**self.made, key(call): Made(call.name, before.times + 1, kept)})
