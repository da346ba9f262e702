"""By which way a model's calls are asked for: as the person says, or as a short probe found, once for each model."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel, ValidationError

from speedking.console import Terminal

if TYPE_CHECKING:
    from agents import Tools
    from agents.model.probe import Probe
    from agents.policy import Policy
    from inference import Connection

Mode: TypeAlias = Literal["native", "schema"]
Wanted: TypeAlias = Literal["auto", "native", "schema"]
Note: TypeAlias = Callable[[str], None]
PROBE_TOKENS = 200
"""What a prepared turn may write: a call is short, and a model that rambles is seen to by then."""
PROBE_THINKING_TOKENS = 1_000
"""The same where it thinks first."""
VERSION = 2
"""Of the probe: another one asks anew."""


@dataclass(frozen=True, slots=True)
class Calling:
    mode: Mode
    why: str


class Kept(BaseModel):
    """A probe's result in the file."""

    mode: Mode
    why: str
    version: int = VERSION


class KeptProbes(BaseModel):
    by_model: dict[str, Kept] = {}


def calling(connection: Connection, wanted: Wanted, note: Note) -> Calling:
    """`auto`: what was found for this model before; else it is probed now, and the result kept. Raises EngineError
    where the model does not answer."""
    if wanted != "auto":
        return Calling(wanted, "asked for by --calls")
    if not connection.tools:
        return Calling("schema", "the server says that this model calls no tools")
    kept = _read().by_model.get(_key(connection))
    if kept is not None and kept.version == VERSION:
        return Calling(kept.mode, f"{kept.why} (probed once for this model)")
    note("probing how this model calls tools: eight short turns, once for this model")
    found = probe_now(connection, note)
    return Calling(found.better, found.why)


def probe_now(connection: Connection, note: Note) -> Probe:
    """Asks anew, and keeps what it finds; where that cannot be written it is told."""
    from agents.model.probe import probe

    tokens = PROBE_THINKING_TOKENS if connection.thinking else PROBE_TOKENS

    def policy_for(mode: Mode, tools: Tools) -> Policy:
        from speedking.agents import policy_of

        return policy_of(connection.writing(tokens), tools, tokens, mode)

    found = probe(policy_for, ("native", "schema") if connection.tools else ("schema",))
    kept = _read()
    kept.by_model[_key(connection)] = Kept(mode=found.better, why=found.why)
    try:
        _write(kept)
    except OSError as error:
        note(f"the probe's result cannot be kept in {_path()}: {error.strerror}")
    return found


def probe_json(found: Probe) -> dict[str, Any]:
    results = {
        mode: {
            "turns": [asdict(turn) for turn in result.turns],
            "valid": result.count("valid"),
            "repaired": result.count("repaired"),
            "failed": result.count("failed"),
            "helpful": result.right,
            "cycle_s": result.cycle_s,
        }
        for mode, result in found.results.items()
    }
    return {"probe": results, "calls": found.better, "why": found.why}


def show_probe(found: Probe, terminal: Terminal) -> None:
    """Each way in one line, then each turn that did not come off."""
    for mode, result in found.results.items():
        terminal.show(
            f"{mode:<8}{result.count('valid')} of {len(result.turns)} calls valid at first, {result.count('repaired')}"
            f" repaired, {result.count('failed')} failed; {result.right} of help; {result.cycle_s:.2f} s a cycle"
        )
        for turn in result.turns:
            if turn.outcome != "valid" or not turn.right:
                wrote = " ".join(turn.wrote.split())
                terminal.show(f"        {turn.name}: {turn.outcome}{'' if turn.right else ', no help'}: {wrote[:160]}")
    terminal.show(f"better: {found.better}: {found.why}")


def _key(connection: Connection) -> str:
    """By digest, and by whether it thinks; a server that tells no digest is taken to keep its model."""
    thinking = " thinking" if connection.thinking else ""
    if connection.digest:
        return f"{connection.engine} {connection.digest}{thinking}"
    return f"{connection.engine} {connection.facts.base_url} {connection.model}{thinking}"


def _path() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("speedking", appauthor=False)) / "probes.json"


def _read() -> KeptProbes:
    """Empty where there is none, or what is there cannot be read: it is found anew."""
    try:
        return KeptProbes.model_validate_json(_path().read_bytes())
    except (OSError, ValidationError):
        return KeptProbes()


def _write(kept: KeptProbes) -> None:
    """As a whole or not at all."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(kept.model_dump_json(indent=1), encoding="utf-8")
    new.replace(path)
