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
class Made:
    times: int
    text: str


@dataclass(frozen=True, slots=True)
class CallLog:
    """Every call of the run with how often it was asked for; `plus` returns a new log."""

    made: Mapping[str, Made] = field(default_factory=dict)

    def times(self, call: Call) -> int:
        found = self.made.get(key(call))
        return found.times if found else 0

    def text(self, call: Call) -> str:
        """What it brought the first time; KeyError where it was never made."""
        return self.made[key(call)].text

    def plus(self, call: Call, text: str) -> CallLog:
        """Counted once more; the text of the first time stays."""
        first = self.made.get(key(call), Made(0, text))
        return CallLog({**self.made, key(call): Made(first.times + 1, first.text)})
