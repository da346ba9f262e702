"""What `speedking models` has found: the server's models, the table's, the choice; and its JSON document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from speedking.measured import Measured, last_of

if TYPE_CHECKING:
    from inference.choice.fit import Fit
    from inference.choice.recommend import Candidate, Recommendation
    from inference.hardware.machine import Hardware


@dataclass(frozen=True, slots=True)
class Here:
    """An installed model. `fit` is None where it does not run here or writes no text, and `note` says so."""

    name: str
    size_bytes: int
    fit: Fit | None
    measured: Measured | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """What answered. `installed` is empty where nothing did, and `trouble` says so."""

    url: str
    version: str | None
    installed: tuple[Here, ...]
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """All that is shown."""

    hardware: Hardware
    purpose: str
    server: Server
    made: Recommendation
    runs: tuple[Measured, ...]

    @property
    def suited(self) -> tuple[Candidate, ...]:
        """The table's models, the chosen one first."""
        first = (self.made.choice, self.made.alternative)
        return (*(found for found in first if found is not None), *self.made.others)

    def measured(self, tag: str) -> Measured | None:
        """Of the model itself or of the tag that was tuned from it."""
        from inference.tuning.plan import tag_for

        return last_of(self.runs, tag, tag_for(tag))

    def is_installed(self, tag: str) -> bool:
        return any(here.name == tag for here in self.server.installed)

    def document(self) -> dict[str, Any]:
        from eval import to_json
        from inference.hardware.machine import describe

        server = self.server
        return {
            "machine": {**_object(to_json(self.hardware)), "described": describe(self.hardware)},
            "purpose": self.purpose,
            "context_tokens": self.made.context_tokens,
            "server": {"url": server.url, "answers": server.trouble is None, "version": server.version},
            "installed": [_here_json(here) for here in server.installed],
            "recommended": [self._suited_json(found) for found in self.suited],
            "choice": None if self.made.choice is None else self._choice_json(self.made.choice),
        }

    def _suited_json(self, found: Candidate) -> dict[str, Any]:
        file = found.model.files[0]
        return {
            "name": found.model.tag,
            "size_bytes": file.size_bytes,
            "quantisation": file.quantisation,
            "capabilities": list(found.model.capabilities),
            "installed": self.is_installed(found.model.tag),
            "command": f"ollama pull {found.model.tag}",
            "why": found.why,
            **fit_json(found.fit, self.measured(found.model.tag)),
        }

    def _choice_json(self, choice: Candidate) -> dict[str, Any]:
        alternative = self.made.alternative
        return {
            "name": choice.model.tag,
            **fit_json(choice.fit, self.measured(choice.model.tag)),
            "parallel": 1,
            "environment": dict(self.made.environment),
            "reasons": list(self.made.reasons),
            "arithmetic": list(choice.fit.need.lines()),
            "alternative": None if alternative is None else alternative.model.tag,
        }


def _here_json(here: Here) -> dict[str, Any]:
    fit = {"fits": None} if here.fit is None else fit_json(here.fit, here.measured)
    return {"name": here.name, "size_bytes": here.size_bytes, "note": here.note or None, **fit}


def fit_json(fit: Fit, measured: Measured | None = None) -> dict[str, Any]:
    return {
        "fits": fit.place,
        "num_ctx": fit.num_ctx,
        "cache_type": fit.cache_type,
        "batch": fit.batch,
        "needs_bytes": fit.need.total_bytes,
        "memory_bytes": fit.memory_bytes,
        "roof_tps": fit.roof_tps,
        "measured_decode_tps": None if measured is None else measured.decode_tps,
        "measured_prefill_tps": None if measured is None else measured.prefill_tps,
    }


def _object(value: Any) -> dict[str, Any]:
    return dict(value)
