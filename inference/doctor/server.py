"""Checks of the server: its version, what its environment says, and how it started the model's process."""

from __future__ import annotations

import json
import re
from pathlib import Path

from inference.doctor.finding import Finding, fine, unknown
from inference.doctor.patient import Patient
from inference.ollama.binary import ServerProcess

LEAST_VERSION = (0, 30, 0)
"""From here on Ollama runs llama.cpp's own server; the options and rules of this project are those of that one."""
COUNTS_CACHED = (0, 33, 3)
"""From here on an answer says how many tokens of its prompt came from the cache."""


def version(patient: Patient) -> list[Finding]:
    """Whether the server is new enough."""
    if patient.ollama is None:
        return []
    said = patient.ollama.version
    number = parse_version(said or "")
    if number is None:
        return [unknown("version", "a build from source calls itself 0.0.0")]
    evidence = f"/api/version says {said}"
    if number < LEAST_VERSION:
        return [
            Finding(
                "version",
                "fault",
                f"Ollama {said} is old: from 0.30.0 on it runs llama.cpp's own server, and batch and memory are chosen"
                " by other rules",
                evidence,
                "install the present version from ollama.com/download",
            )
        ]
    if number < COUNTS_CACHED:
        return [
            Finding(
                "version",
                "advice",
                "this version does not say how much of a prompt came from the cache (from 0.33.3 on it does)",
                evidence,
                "install the present version from ollama.com/download",
            )
        ]
    return [fine("version", f"Ollama {said}", evidence)]


def parse_version(text: str) -> tuple[int, int, int] | None:
    """The three numbers of "0.33.0-rc2"; None for anything else."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def cloud(patient: Patient) -> list[Finding]:
    """Whether the server may talk to the cloud: it asks for recommendations at its start."""
    process = patient.ollama.process if patient.ollama else None
    if patient.ollama is None:
        return []
    if process is None or process.environment is None:
        return [unknown("cloud access", "the server's environment cannot be read (it is elsewhere or another user's)")]
    if is_set(process.variable("OLLAMA_NO_CLOUD")):
        return [fine("cloud access", "switched off", f"OLLAMA_NO_CLOUD is set in process {process.pid}")]
    if _off_in_settings(process):
        return [fine("cloud access", "switched off", "disable_ollama_cloud in ~/.ollama/server.json")]
    return [
        Finding(
            "cloud access",
            "advice",
            "the server may talk to ollama.com: it asks for recommendations when it starts, and offers cloud models",
            f"OLLAMA_NO_CLOUD is not set in the environment of process {process.pid}",
            "start the server with OLLAMA_NO_CLOUD=1",
        )
    ]


def is_set(value: str | None) -> bool:
    """Whether a variable of Ollama's counts as true."""
    return (value or "").strip().lower() in ("1", "t", "true", "yes", "on")


def _off_in_settings(process: ServerProcess) -> bool:
    home = (process.environment or {}).get("HOME") or (process.environment or {}).get("USERPROFILE")
    try:
        return bool(json.loads((Path(str(home)) / ".ollama" / "server.json").read_text())["disable_ollama_cloud"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def cache_type(patient: Patient) -> list[Finding]:
    """The type of the key-value cache, as the model's process was started."""
    view = patient.ollama
    if view is None:
        return []
    runner = view.runner_now()
    if runner is None:
        return [unknown("key-value cache", "the model's process cannot be seen")]
    kind = runner.cache_type_k or "f16"
    evidence = f"the command line of process {runner.pid}: key {kind}, value {runner.cache_type_v or 'f16'}"
    if kind == "f16":
        return [fine("key-value cache", "f16", evidence)]
    if patient.on_card == 0:
        return [
            Finding(
                "key-value cache",
                "fault",
                f"a {kind} cache on a CPU: it halved prefill here (66 tokens/s against 139) and saves little memory",
                evidence,
                "start the server without OLLAMA_KV_CACHE_TYPE",
            )
        ]
    return [fine("key-value cache", f"{kind}: half the memory or less, which a card may need", evidence)]


def slots(patient: Patient) -> list[Finding]:
    """How many requests at a time the model's process is made for."""
    view = patient.ollama
    if view is None:
        return []
    runner = view.runner_now()
    parallel = runner.parallel if runner else None
    if runner is None or parallel is None or not parallel.isdecimal():
        return [unknown("parallel slots", "the model's process cannot be seen")]
    evidence = f"the command line of process {runner.pid}: --parallel {parallel}, context {runner.context}"
    if int(parallel) <= 1:
        return [fine("parallel slots", "one", evidence)]
    return [
        Finding(
            "parallel slots",
            "advice",
            f"{parallel} slots: each has a key-value cache of its own, memory that one person's model could use",
            evidence,
            "start the server with OLLAMA_NUM_PARALLEL=1",
        )
    ]
