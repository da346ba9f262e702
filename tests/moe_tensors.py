"""The tensors and sizes of Qwen's mixtures of experts, as llama.cpp wants them in a GGUF file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import gguf
import numpy as np

from tests.gguf_vocabulary import Array

Architecture = Literal["qwen35moe", "qwen3moe"]
_Fill = Literal["noise", "zeros", "ones", "decay"]
_Shapes = dict[str, tuple[_Fill, tuple[int, ...]]]


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes of a model; about 33 MB in float32 as they are. The linear ones are qwen35moe's alone.

    The real 35B-A3B: width 2048, 40 layers, 16 heads, 2 KV heads of 256, 256 experts of which 8, expert and
    shared width 512, state 128, 16 key groups, 32 time steps, kernel 4.
    """

    width: int = 256
    layers: int = 8
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 64
    experts: int = 16
    experts_used: int = 4
    expert_width: int = 64
    shared_width: int = 64
    state_size: int = 32
    key_groups: int = 2
    time_steps: int = 4
    kernel: int = 4
    attention_every: int = 4
    """Each so many'th layer is full attention, the others are linear."""
    context: int = 262_144


def describe(writer: gguf.GGUFWriter, architecture: Architecture, g: Geometry, file_type: gguf.LlamaFileType) -> None:
    writer.add_name(f"random {architecture}")
    writer.add_context_length(g.context)
    writer.add_embedding_length(g.width)
    writer.add_block_count(g.layers)
    writer.add_feed_forward_length(g.expert_width)
    writer.add_head_count(g.heads)
    writer.add_head_count_kv(g.kv_heads)
    writer.add_key_length(g.head_size)
    writer.add_value_length(g.head_size)
    writer.add_rope_freq_base(10_000_000)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_expert_count(g.experts)
    writer.add_expert_used_count(g.experts_used)
    writer.add_expert_feed_forward_length(g.expert_width)
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    if architecture == "qwen3moe":
        return
    turned = g.head_size // 4
    writer.add_expert_shared_feed_forward_length(g.shared_width)
    writer.add_rope_dimension_count(turned)
    third = turned // 6  # sections of half the turned dimensions: text, height, width, and none
    writer.add_rope_dimension_sections([turned // 2 - 2 * third, third, third, 0])
    writer.add_ssm_conv_kernel(g.kernel)
    writer.add_ssm_inner_size(g.state_size * g.time_steps)
    writer.add_ssm_state_size(g.state_size)
    writer.add_ssm_time_step_rank(g.time_steps)
    writer.add_ssm_group_count(g.key_groups)
    writer.add_full_attention_interval(g.attention_every)


def blocks(architecture: Architecture, g: Geometry, random: np.random.Generator) -> Iterator[tuple[str, Array]]:
    yield "output_norm.weight", np.ones(g.width, np.float32)
    for layer in range(g.layers):
        if architecture == "qwen3moe":
            shapes = _attention(g, gated=False) | _experts(g) | {"ffn_norm.weight": ("ones", (g.width,))}
        else:
            full = (layer + 1) % g.attention_every == 0
            mixing = _attention(g, gated=True) if full else _linear(g)
            shapes = mixing | _experts(g) | _shared_expert(g) | {"post_attention_norm.weight": ("ones", (g.width,))}
        for name, (fill, shape) in shapes.items():
            yield f"blk.{layer}.{name}", _filled(fill, shape, random)


def _attention(g: Geometry, *, gated: bool) -> _Shapes:
    query, key = g.heads * g.head_size, g.kv_heads * g.head_size
    return {
        "attn_norm.weight": ("ones", (g.width,)),
        "attn_q.weight": ("noise", (2 * query if gated else query, g.width)),
        "attn_k.weight": ("noise", (key, g.width)),
        "attn_v.weight": ("noise", (key, g.width)),
        "attn_output.weight": ("zeros", (g.width, query)),
        "attn_q_norm.weight": ("ones", (g.head_size,)),
        "attn_k_norm.weight": ("ones", (g.head_size,)),
    }


def _linear(g: Geometry) -> _Shapes:
    inner = g.state_size * g.time_steps
    mixed = 2 * g.state_size * g.key_groups + inner
    return {
        "attn_norm.weight": ("ones", (g.width,)),
        "attn_qkv.weight": ("noise", (mixed, g.width)),
        "attn_gate.weight": ("noise", (inner, g.width)),
        "ssm_conv1d.weight": ("noise", (mixed, g.kernel)),
        "ssm_dt.bias": ("noise", (g.time_steps,)),
        "ssm_a": ("decay", (g.time_steps,)),
        "ssm_alpha.weight": ("noise", (g.time_steps, g.width)),
        "ssm_beta.weight": ("noise", (g.time_steps, g.width)),
        "ssm_norm.weight": ("ones", (g.state_size,)),
        "ssm_out.weight": ("zeros", (g.width, inner)),
    }


def _experts(g: Geometry) -> _Shapes:
    return {
        "ffn_gate_inp.weight": ("noise", (g.experts, g.width)),
        "ffn_gate_exps.weight": ("noise", (g.experts, g.expert_width, g.width)),
        "ffn_up_exps.weight": ("noise", (g.experts, g.expert_width, g.width)),
        "ffn_down_exps.weight": ("zeros", (g.experts, g.width, g.expert_width)),
    }


def _shared_expert(g: Geometry) -> _Shapes:
    return {
        "ffn_gate_inp_shexp.weight": ("noise", (g.width,)),
        "ffn_gate_shexp.weight": ("noise", (g.shared_width, g.width)),
        "ffn_up_shexp.weight": ("noise", (g.shared_width, g.width)),
        "ffn_down_shexp.weight": ("zeros", (g.width, g.shared_width)),
    }


def _filled(fill: _Fill, shape: tuple[int, ...], random: np.random.Generator) -> Array:
    if fill == "noise":
        return random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
    return np.full(shape, {"zeros": 0.0, "ones": 1.0, "decay": -1.0}[fill], np.float32)
