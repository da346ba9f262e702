"""Checks of the server: its version, what its environment says, and how it started the model's process."""

from __future__ import annotations

import json
from pathlib import Path

from inference.doctor.finding import Finding, fine, unknown
from inference.doctor.patient import Patient
from inference.ollama.binary import ServerProcess
from inference.ollama.version import COUNTS_CACHED, NEWER, parse_version, too_old

HIDDEN = "the model's process cannot be seen: it is elsewhere, another user's, or shows no such option"


def version(patient: Patient) -> list[Finding]:
    """Whether the server is new enough."""
    return [] if patient.ollama is None else [judge_version(patient.ollama.version)]


def judge_version(said: str | None) -> Finding:
    """`said` as /api/version has it; None for a build that does not say."""
    number = parse_version(said)
    if number is None:
        return unknown("version", "a build from source calls itself 0.0.0")
    evidence = f"/api/version says {said}"
    if (old := too_old(said)) is not None:
        return Finding("version", "fault", old, evidence, NEWER)
    if number < COUNTS_CACHED:
        untold = "this version does not say how much of a prompt came from the cache (from 0.33.3 on it does)"
        return Finding("version", "advice", untold, evidence, NEWER)
    return fine("version", f"Ollama {said}", evidence)


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
    if not _has_runner(patient):
        return []
    runner = patient.runner_now()
    if runner is None:
        return [unknown("key-value cache", HIDDEN)]
    kind = runner.cache_type_k or "f16"
    evidence = f"the command line of process {runner.pid}: key {kind}, value {runner.cache_type_v or 'f16'}"
    if kind == "f16":
        return [fine("key-value cache", "f16", evidence)]
    if patient.on_card == 0:
        said = f"a {kind} cache on a CPU: it halved prefill here (66 tokens/s against 139) and saves little memory"
        return [Finding("key-value cache", "fault", said, evidence, _without(patient, "OLLAMA_KV_CACHE_TYPE", "-ctk"))]
    return [fine("key-value cache", f"{kind}: half the memory or less, which a card may need", evidence)]


def flash_attention(patient: Patient) -> list[Finding]:
    """Whether flash attention is left on."""
    if not _has_runner(patient):
        return []
    runner = patient.runner_now()
    if runner is None:
        return [unknown("flash attention", HIDDEN)]
    setting = runner.flash_attention or "auto"
    evidence = f"the command line of process {runner.pid}: --flash-attn {setting}"
    if setting in ("off", "0", "disabled"):
        said = "switched off: prefill is slower, the cache cannot be quantised, and on a card the batch falls to 512"
        return [Finding("flash attention", "fault", said, evidence, _without(patient, "OLLAMA_FLASH_ATTENTION", "-fa"))]
    return [fine("flash attention", f"{setting}: on wherever it is supported", evidence)]


def slots(patient: Patient) -> list[Finding]:
    """How many requests at a time the model's process is made for."""
    if not _has_runner(patient):
        return []
    runner, told = patient.runner_now(), dict(patient.connection.facts.options).get("parallel")
    parallel = (runner.parallel if runner else None) or told
    if parallel is None or not parallel.isdecimal():
        return [unknown("parallel slots", HIDDEN)]
    where = f"the command line of process {runner.pid}" if runner and runner.parallel else "/props"
    evidence = f"{where}: {parallel} at a time, context of each {patient.connection.context_tokens:,}"
    if int(parallel) <= 1:
        return [fine("parallel slots", "one", evidence)]
    said = f"{parallel} slots: each has a key-value cache of its own, memory that one person's model could use"
    mend = "start the server with OLLAMA_NUM_PARALLEL=1" if patient.ollama else "start the server with -np 1"
    return [Finding("parallel slots", "advice", said, evidence, mend)]


def queue(patient: Patient) -> list[Finding]:
    """Of vLLM: whether others wait, and whether its cache is too small for those that it answers."""
    counted = patient.vllm
    if counted is None:
        return []
    share = counted.prefix_hit_share
    evidence = f"/metrics: {counted.waiting} waiting, {counted.running} running, {counted.preemptions or 0} preempted"
    evidence += "" if share is None else f"; {share:.0%} of all prompt tokens came from its prefix cache"
    if counted.waiting:
        said = "requests wait: every figure that is measured now holds their time too"
        return [Finding("queue", "advice", said, evidence, "measure when nobody else asks")]
    if counted.preemptions:
        said = "requests lost their place in the cache to others and were computed again: it is too small for them"
        mend = "start the server with a shorter --max-model-len, or with fewer --max-num-seqs"
        return [Finding("queue", "advice", said, evidence, mend)]
    return [fine("queue", "nobody waits", evidence)]


def _has_runner(patient: Patient) -> bool:
    """Whether a llama-server holds the model: not in the process, and not with vLLM, which has other words."""
    return patient.connection.engine != "gguf" and not patient.on_vllm


def _without(patient: Patient, variable: str, flag: str) -> str:
    return f"start the server without {variable if patient.ollama else flag}"
