"""How long a processor takes to read a prompt with a model: an estimate, for the choice without a card."""

from __future__ import annotations

from inference.choice.catalog import CatalogModel
from inference.hardware.machine import Hardware

LONG_PROMPT_TOKENS = 10_000
PATIENCE_S = 180.0
"""Three minutes for the longest prompt: beyond, nobody works with it."""
CORES_OF_A_LAPTOP = 4
OPERATIONS_PER_CORE = 5.5e10
"""Per second, with vectors of 256 bits (AVX2) or NEON: half of what was measured with AVX-512, whose vectors are twice
as wide. Measured: qwen2.5-coder 0.5B and 1.5B, Q4_K_M, 222 and 91 tokens/s of a prompt of about 1,000 tokens on two
cores of an AMD EPYC with AVX512-BF16, i.e. 1.1e11 and 1.4e11 operations per core. Longer prompts are slower."""
OPERATIONS_PER_CORE_512 = 1.1e11


def reading_s(model: CatalogModel, hardware: Hardware, tokens: int = LONG_PROMPT_TOKENS) -> float:
    """Seconds for a prompt: two operations for each active parameter and token (Kaplan et al., arXiv 2001.08361).
    Where the cores are not known, a laptop's four are taken."""
    wide = "avx512f" in (hardware.cpu_features or ())
    speed = OPERATIONS_PER_CORE_512 if wide else OPERATIONS_PER_CORE
    return 2 * model.active_parameters * tokens / (speed * (hardware.cores or CORES_OF_A_LAPTOP))
