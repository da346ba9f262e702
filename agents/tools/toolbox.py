"""Several tools as one."""

from __future__ import annotations

from agents.evidence import Evidence
from agents.tools.call import Call, Observation
from agents.tools.finish import FINISH
from agents.tools.spec import ToolSpec
from agents.tools.toolset import Tools
from inference.errors import UsageError


class Toolbox:
    """Each call goes to whom its tool belongs to. Raises UsageError for two tools of one name, the loop's `finish`
    among them."""

    def __init__(self, *tools: Tools) -> None:
        self._owners: dict[str, Tools] = {}
        specs: list[ToolSpec] = []
        for owner in tools:
            for spec in owner.specs:
                if spec.name in self._owners or spec.name == FINISH.name:
                    raise UsageError(
                        f"two tools are named {spec.name!r}", next_step="rename one of them, or leave one out"
                    )
                self._owners[spec.name] = owner
                specs.append(spec)
        self.specs: tuple[ToolSpec, ...] = tuple(specs)

    def run(self, call: Call, evidence: Evidence) -> Observation:
        """Raises KeyError for a tool that is not among the specs."""
        return self._owners[call.name].run(call, evidence)
