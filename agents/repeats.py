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
    """What the policy is told of a call, and its short form. `begun`: a tool was called; `worked`: it brought
    something. What failed may be tried again."""

    text: str
    short: str
    worked: bool = False
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """`result` is that of the first time it worked; `begun`: a tool was called, whatever came of it."""

    name: str
    times: int = 0
    result: Result | None = None
    begun: bool = False


@dataclass(frozen=True, slots=True)
class CallLog:
    """Every call of the run with how often it was asked for; `plus` returns a new log."""

    made: Mapping[str, Made] = field(default_factory=dict)

    def of(self, call: Call) -> Made:
        return self.made.get(key(call), Made(call.name))

    def repeated(self, name: str) -> int:
        """How many calls of that tool were asked for again though they had worked."""
        return sum(one.name == name and one.times > 1 and one.result is not None for one in self.made.values())

    def plus(self, call: Call, result: Result) -> CallLog:
        """Counted once more."""
        before = self.of(call)
        kept = result if before.result is None and result.worked else before.result
        made = Made(call.name, before.times + 1, kept, before.begun or result.begun)
        return CallLog({**self.made, key(call): made})
