"""What a model needs of a memory: weights + KV cache + state + compute buffers + what the machine keeps for itself.

The compute buffers follow a rule that was held against llama.cpp itself (b11549, through xllamacpp, on a CPU):
slices of the real geometry, contexts 4,096 to 65,536, batches 512 to 2,048. With flash attention it is exact for
the geometry of qwen3 8B, qwen3 30B-A3B, qwen3.5 2B and 9B, 4 to 5 % high for qwen3.5 35B-A3B and 1 to 2 % high for
SmolLM2-135M; without, 2 to 8 % high. A KV type of 8 bits changes it by less than 1 MiB. On cards it was not
measured here; one reported pair for a 27B under CUDA (GenerelSchwerz/llama.cpp, pull request 62: 132 MiB at a batch
of 512, 568 MiB at 2,048) lies 7 to 13 % below it.
"""

from __future__ import annotations

from dataclasses import dataclass

from inference.hardware.machine import GIB

MIB = 1 << 20

CARD_OVERHEAD_BYTES = 512 * MIB
"""What a driver takes for a process that computes (contexts, kernels, scratch of the matrix library): 300 to 750 MiB
under CUDA; not part of any of llama.cpp's own buffers."""
CARD_MARGIN_BYTES = GIB
"""What llama.cpp's own fitting leaves free on a card (--fit-target, 1,024 MiB); a desktop's windows live in it."""
SYSTEM_RESERVE_BYTES = 4 * GIB
"""Main memory that is left to the system and a browser."""


@dataclass(frozen=True, slots=True)
class Width:
    """What the compute buffers depend on. `feed_forward` is the width that one token really uses: of a mixture of
    experts, experts used x their width."""

    embedding: int
    heads: int
    feed_forward: int
    experts_used: int = 0


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """The parts of a sum, in bytes. `weights_bytes` is the whole file, so it counts the embeddings, which stay in main
    memory, and the eye of a model that sees: an upper bound."""

    weights_bytes: int
    kv_bytes: int
    state_bytes: int
    compute_bytes: int
    overhead_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.kv_bytes + self.state_bytes + self.compute_bytes + self.overhead_bytes

    def lines(self) -> tuple[str, ...]:
        """The sum, a part a line, in GiB."""
        parts = (
            ("weights (the file)", self.weights_bytes),
            ("KV cache", self.kv_bytes),
            ("recurrent state", self.state_bytes),
            ("compute buffers", self.compute_bytes),
            ("driver, kept free", self.overhead_bytes),
        )
        shown = [(name, size) for name, size in parts if size]
        return tuple(f"{name:<20}{size / GIB:>7.2f} GiB" for name, size in (*shown, ("together", self.total_bytes)))

    def sentence(self) -> str:
        """The same sum on one line."""
        parts = (
            ("weights", self.weights_bytes),
            ("KV", self.kv_bytes),
            ("state", self.state_bytes),
            ("compute", self.compute_bytes),
            ("driver and kept free", self.overhead_bytes),
        )
        terms = " + ".join(f"{name} {size / GIB:.2f}" for name, size in parts if size)
        return f"{terms} = {self.total_bytes / GIB:.2f} GiB"


def compute_bytes(width: Width, *, context: int, batch: int, flash_attention: bool = True) -> int:
    """The scratch memory of one batch of tokens, in bytes.

    With flash attention: batch x (4 x (8 embedding + 2 feed forward + experts used x embedding) + 2 x context): the
    layer's values in 32 bits, and the attention mask in 16. Without: the mask in 32 bits, and 4 bytes for every
    head, token of the batch and token of the context. The logits do not count: a server keeps those of one token.
    """
    values = 8 * width.embedding + 2 * width.feed_forward + width.experts_used * width.embedding
    scores = 2 * context if flash_attention else 4 * context * (1 + width.heads)
    return batch * (4 * values + scores)


def automatic_batch(context: int, needed_bytes: int, memory_bytes: int | None) -> int:
    """The batch that Ollama 0.33 takes where none is set: 512, above 4,096 tokens of context 1,024, above 32,768 2,048;
    1,024 only where the model takes at most 75 % of the memory, 2,048 at most 60 % (server/sched.go). Its look at the
    batch's own buffers is left out: the larger batch errs high."""
    batch = 2048 if context > 32_768 else 1024 if context > 4096 else 512
    if memory_bytes is None:
        return batch
    if batch == 2048 and needed_bytes > memory_bytes * 60 // 100:
        batch = 1024
    return 512 if batch == 1024 and needed_bytes > memory_bytes * 75 // 100 else batch


def card_overhead(cards: int, *, unified_memory: bool) -> int:
    """What is not ours on the cards: each has its driver's part and llama.cpp's margin; a Mac's share has only the
    margin, since macOS has taken its own before."""
    return CARD_MARGIN_BYTES if unified_memory else cards * (CARD_OVERHEAD_BYTES + CARD_MARGIN_BYTES)
