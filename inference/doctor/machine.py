"""Checks of the machine: whether the card's driver and generation are ones that Ollama uses at all."""

from __future__ import annotations

import re

from inference.doctor.finding import Finding, fine, unknown
from inference.doctor.patient import Patient
from inference.hardware.machine import Gpu

LEAST_CAPABILITY = (5, 0)
LEAST_DRIVER = 550
OLDER_CARDS = (6, 2)
OLDER_CARDS_DRIVER = 570
"""Compute capability 5.0 or newer with driver 550 or newer; up to 6.2 with driver 570 or newer. Source: Ollama's
documentation, docs/gpu.mdx, version 0.33."""
DRIVER_STEP = "install the present driver from nvidia.com/drivers (under WSL2: the one of Windows), then restart Ollama"


def driver(patient: Patient) -> list[Finding]:
    """Every NVIDIA card's driver and compute capability."""
    hardware = patient.hardware
    if patient.connection.engine != "ollama":
        return []  # the limits are those of Ollama's own builds
    if hardware.source != "probed":
        return [unknown("card and driver", "the server is elsewhere: its hardware is not known")]
    cards = [gpu for gpu in hardware.gpus if gpu.vendor == "nvidia"]
    return [judge(card) for card in cards]


def judge(card: Gpu) -> Finding:
    """One card. What the driver does not tell is not known."""
    capability, number = card.compute_capability, _major(card.driver)
    shown = "not told" if capability is None else f"{capability[0]}.{capability[1]}"
    evidence = f"{card.name}: compute capability {shown}, driver {card.driver or 'not told'}"
    if capability is not None and capability < LEAST_CAPABILITY:
        said = (
            f"{card.name} is too old for Ollama (compute capability {shown}, 5.0 is needed): the model runs on the CPU"
        )
        return Finding("card and driver", "fault", said, evidence, "choose a small model: `speedking models`")
    if number is None or capability is None:
        return unknown("card and driver", evidence)
    needed = OLDER_CARDS_DRIVER if capability <= OLDER_CARDS else LEAST_DRIVER
    if number < needed:
        said = (
            f"driver {card.driver} is too old: Ollama needs {needed} or newer for this card, and runs on the CPU else"
        )
        return Finding("card and driver", "fault", said, evidence, DRIVER_STEP)
    return fine("card and driver", f"{card.name}, driver {card.driver}", evidence)


def _major(driver: str | None) -> int | None:
    found = re.match(r"(\d+)", driver or "")
    return int(found[1]) if found else None
