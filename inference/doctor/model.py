"""Checks of the model as it is stored and loaded: its Modelfile, its context, its penalties."""

from __future__ import annotations

from inference.doctor.finding import Finding, fine, unknown
from inference.doctor.pace import ALL
from inference.doctor.patient import Patient
from inference.ollama.choice import TUNED
from inference.purposes import LONG_PROMPT_CONTEXT

WANTED = 16_384
QUESTION_PROMPT = 8_192
"""Holds the passages of a question as they are packed by default, the question, and an answer."""
PENALTIES = ("presence_penalty", "frequency_penalty")


def context(patient: Patient) -> list[Finding]:
    """Whether the prompts of this project fit."""
    tokens = patient.connection.context_tokens
    evidence = f"the context in force is {tokens:,} tokens ({_where(patient)})"
    if tokens < QUESTION_PROMPT:
        said = f"a question's passages do not fit into {tokens:,} tokens and are left out; an agent overflows early"
        return [Finding("context", "fault", said, evidence, _longer(patient))]
    if tokens < LONG_PROMPT_CONTEXT:
        said = "questions fit; a prompt of 10,000 tokens and a long agent run do not"
        return [Finding("context", "advice", said, evidence, _longer(patient))]
    return [fine("context", f"{tokens:,} tokens", evidence)]


def _where(patient: Patient) -> str:
    return "the model's own num_ctx or /api/ps" if patient.ollama else "as the engine says"


def _longer(patient: Patient) -> str:
    """Of a context that is too short; the model may have been trained on no more."""
    tokens, trained = patient.connection.context_tokens, patient.connection.facts.trained_context
    most = min(WANTED, trained or WANTED)
    if most <= tokens or most < QUESTION_PROMPT:
        return f"choose another model: this one was trained on {most:,} tokens"
    if patient.connection.engine == "gguf":
        return f"a machine with more free memory: the context is {most:,} where it has room"
    if patient.ollama is None:
        slots = dict(patient.connection.facts.options).get("parallel", "1")
        shared = most * int(slots) if slots.isdecimal() else most
        return f"start the server with a longer context (llama.cpp: -c {shared}, vLLM: --max-model-len {most})"
    return f"speedking tune --model {base_name(patient)} --num-ctx {most}"


def base_name(patient: Patient) -> str:
    """What `tune` has to be given: of a tuned model the one that it was made from."""
    name = patient.model.removesuffix(":latest")
    if not name.startswith(TUNED):
        return name
    return patient.ollama.shown.details.parent_model or "BASE" if patient.ollama else "BASE"


def penalties(patient: Patient) -> list[Finding]:
    """Penalties that the model has from its base or its Modelfile: they bend quotes, lists and tool calls."""
    view = patient.ollama
    if view is None:
        return []
    found = [(name, view.shown.parameter(name)) for name in PENALTIES]
    bent = [f"{name} {value}" for name, value in found if value is not None and _differs(value, 0.0)]
    repeat = view.shown.parameter("repeat_penalty")
    if repeat is not None and _differs(repeat, 1.0):
        bent.append(f"repeat_penalty {repeat}")
    evidence = "/api/show, parameters"
    if not bent:
        return [fine("penalties", "none", evidence)]
    return [
        Finding(
            "penalties",
            "advice",
            f"{', '.join(bent)}: tokens that stood before are made less likely, and quotes, tables and tool calls"
            " repeat by nature. speedking sends its own with each request; other programs get these",
            evidence,
            f"speedking tune --model {base_name(patient)} (it pins them), and use the tuned tag everywhere",
        )
    ]


def on_card(patient: Patient) -> list[Finding]:
    """How much of the model lies in a card's memory."""
    if patient.ollama is None:
        return []
    share, gpus = patient.on_card, patient.hardware.gpus
    if share is None:
        return [unknown("on the card", "/api/ps does not say how much of the model is in a card's memory")]
    evidence = f"/api/ps: size_vram / size = {share:.2f} (the server's estimate)"
    if share >= ALL:
        return [fine("on the card", "the whole model", evidence)]
    if share == 0 and patient.hardware.source == "probed" and not gpus:
        return [fine("on the card", "no card here: the model runs in main memory", evidence)]
    if share == 0 and gpus:
        said = f"the model runs on the CPU, though there is {gpus[0].name}"
        return [Finding("on the card", "fault", said, evidence, _free_card(patient))]
    if share == 0:
        return [unknown("on the card", f"{evidence}; whether that machine has a card is not known")]
    said = f"{1 - share:.0%} of the model is in main memory: decoding waits for it on every token"
    return [Finding("on the card", "advice", said, evidence, _free_card(patient))]


def _free_card(patient: Patient) -> str:
    nvidia = any(gpu.vendor == "nvidia" for gpu in patient.hardware.gpus)
    who = " (`nvidia-smi` lists who uses it)" if nvidia else ""
    smaller = f"speedking tune --model {base_name(patient)} --num-ctx 8192"
    return f"free the card{who}, take a smaller context (`{smaller}`), or a model that fits (`speedking models`)"


def _differs(value: str, neutral: float) -> bool:
    try:
        return float(value) != neutral
    except ValueError:
        return True
